"""Descriptions of an export: the dataset card and the Croissant document."""
