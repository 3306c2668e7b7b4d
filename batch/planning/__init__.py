"""What a job makes: rows of the input, each in the shard it belongs to."""
