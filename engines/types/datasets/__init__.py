"""Datasets, their labels, lists of their images, exports and reports."""
