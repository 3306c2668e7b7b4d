"""Endpoints of datasets and their images: kept, uploaded, looked through, exported."""
