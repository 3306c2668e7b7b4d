"""`inferloop`, the command line."""
