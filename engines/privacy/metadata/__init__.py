"""Checks the metadata of a file: places, owners, serial numbers, personal data in texts."""

from engines.privacy.metadata.reading import MetadataReader

__all__ = ["MetadataReader"]
