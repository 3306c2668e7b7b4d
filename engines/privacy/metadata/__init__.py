"""What a file tells beside its pixels."""
