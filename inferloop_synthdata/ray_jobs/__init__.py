"""Submits batch jobs to a Ray cluster."""
