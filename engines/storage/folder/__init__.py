"""A folder as `Storage`."""
