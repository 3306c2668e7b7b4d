"""Declared datasets and the validation of whole datasets."""
