"""One record per image: its schema, and how it is read."""
