"""Encode records as files, with one module per format."""
