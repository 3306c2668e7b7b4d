"""Exports a dataset as objects in a user's bucket."""
