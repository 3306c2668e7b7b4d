"""Reads images for a profile or a dataset from folders, tables, S3, Unsplash and cameras."""
