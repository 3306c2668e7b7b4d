"""File names of images: suffixes and media types. `engines.images` detects formats by content."""

from __future__ import annotations

from collections.abc import Mapping

IMAGE_MEDIA_TYPES: Mapping[str, str] = {
    ".png": "image/png",
    ".apng": "image/apng",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".mpo": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".dib": "image/bmp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".hif": "image/heif",
}
"""Lower-case suffix to media type (IANA's registry)."""

SUFFIX_BY_FORMAT: Mapping[str, str] = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "TIFF": ".tiff",
    "GIF": ".gif",
    "AVIF": ".avif",
    "HEIF": ".heic",
}
"""Pillow's name of a format to the suffix of new files."""

IMAGE_SUFFIXES = tuple(IMAGE_MEDIA_TYPES)
"""All image suffixes, for `str.endswith`."""

_DOCUMENT_SUFFIXES = (
    *(".json", ".jsonl", ".txt", ".xml", ".csv", ".tsv", ".parquet"),
    *(".md", ".rst", ".html", ".yaml", ".yml", ".toml", ".log"),
)
"""Suffixes of tables and notes that are expected beside the images of a folder."""


def is_hidden(name: str) -> bool:
    """Whether the file's name or a folder in its path (relative to the dataset) starts with a dot.

    Such files are left by tools (`._a.jpg`, `.thumbnails/`) and are never part of a dataset.
    """
    return name.startswith(".") or "/." in name


def is_image_name(name: str) -> bool:
    """Whether the suffix, in any case, is one of an image, and the file is not hidden."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(name)


def is_document_name(name: str) -> bool:
    """Whether the suffix is one of tables and notes."""
    return name.lower().endswith(_DOCUMENT_SUFFIXES)
