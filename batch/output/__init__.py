"""The files of a job: shards, records of what was published, the manifest."""
