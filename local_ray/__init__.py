"""The one home of every Ray that this repository starts on a machine: closed to all without its
token, listening on loopback only, in a private folder. The service, the batch job, the demos, the
tests and the benchmarks start theirs here."""
