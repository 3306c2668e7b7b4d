"""Make and check the images of a shard."""
