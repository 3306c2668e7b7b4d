"""Jobs in one SQLite file, which many processes of a machine can share. The default."""
