"""Making and judging the images of a shard."""
