"""The files of a job: shards, records of published shards, the manifest and the report."""
