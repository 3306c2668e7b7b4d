"""Jobs in one SQLite file that many processes of a machine open: the embedded default."""
