"""Uploads, downloads and range requests."""
