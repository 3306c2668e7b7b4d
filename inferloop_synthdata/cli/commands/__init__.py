"""One module for each group of commands: what it takes, what it does."""
