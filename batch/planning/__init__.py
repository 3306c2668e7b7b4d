"""Read a job's input and divide its rows into shards."""
