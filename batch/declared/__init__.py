"""Datasets from a declaration as a job: the same ones as the service makes (docs/datasets.md)."""
