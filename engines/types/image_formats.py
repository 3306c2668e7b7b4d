"""The image files that the service knows by their names. What a file really is, `engines.images`
says from its bytes."""

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
"""Media type by suffix, in lower case (IANA's registry)."""

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
"""Suffix of a new file by its format, in Pillow's names."""

IMAGE_SUFFIXES = tuple(IMAGE_MEDIA_TYPES)
"""As `str.endswith` takes them."""

_DOCUMENT_SUFFIXES = (
    *(".json", ".jsonl", ".txt", ".xml", ".csv", ".tsv", ".parquet"),
    *(".md", ".rst", ".html", ".yaml", ".yml", ".toml", ".log"),
)
"""Tables and notes about the images of a folder, and what lies beside them: no images, and no
strangers either."""


def is_hidden(name: str) -> bool:
    """Whether a file, named relative to its dataset, or a folder on its way starts with a dot:
    what tools leave behind (`._a.jpg`, `.thumbnails/`) is nowhere part of a dataset."""
    return name.startswith(".") or "/." in name


def is_image_name(name: str) -> bool:
    """By the suffix, in upper or lower case; hidden files are none."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(name)


def is_document_name(name: str) -> bool:
    """Whether a file is told by its suffix to be about images, not one."""
    return name.lower().endswith(_DOCUMENT_SUFFIXES)
