"""Endpoints of datasets and their images: list, upload, review, export."""
