"""`Storage` in a folder."""
