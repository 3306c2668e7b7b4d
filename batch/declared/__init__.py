"""Make declared datasets as a job, with the same result as the service (docs/datasets.md)."""
