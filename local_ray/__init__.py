"""Starts Ray on this machine, for the service, batch jobs, demos, tests and benchmarks. Each Ray
requires a token, listens on loopback only, and has a private folder."""
