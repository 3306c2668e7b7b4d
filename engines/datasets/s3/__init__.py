"""Export datasets to users' buckets."""
