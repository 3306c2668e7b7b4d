"""Submitting a batch job through Ray's job API."""
