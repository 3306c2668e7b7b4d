"""The rules for valid keys, the same for folders and buckets."""

from __future__ import annotations

import re

from engines.errors import InvalidParameters, InvalidPath

TEMPORARY_PREFIX = ".tmp-"
"""Prefix of the names of temporary files; not listed, and not valid in keys."""
RESERVED_FOLDER = ".inferloop"
"""Folder at the root for the storage's own files (locks); not listed, and not valid in keys."""
MAX_KEY_BYTES = 900
"""S3 allows 1024 bytes; the rest is for the prefix in the bucket."""
MAX_NAME_BYTES = 230
"""File systems allow 255 bytes per name; the rest is for the prefix of temporary names."""

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_USUAL = re.compile(r"(?!\.)[\w-][\w.-]{0,79}(?:/[\w-][\w.-]{0,79}){0,9}", re.ASCII)
"""Matches most valid keys quickly, because listings check 100,000 keys."""


def check_key(key: str) -> str:
    """Return the key, if it is valid.

    Raises:
        InvalidPath: empty, absolute, `..`, `.` or empty segments, NUL or another control
            character, backslash, not UTF-8, too long, or a name reserved for temporary files.
    """
    if _USUAL.fullmatch(key):
        return key
    if not key:
        raise _invalid(key, "must not be empty")
    if _FORBIDDEN.search(key):
        raise _invalid(key, "must not hold control characters or backslashes")
    segments = key.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        raise _invalid(key, "must be relative and free of '..' and empty segments")
    if segments[0] == RESERVED_FOLDER or any(s.startswith(TEMPORARY_PREFIX) for s in segments):
        raise _invalid(key, "must not use a name reserved for temporary files")
    try:
        sizes = [len(segment.encode()) for segment in segments]
    except UnicodeEncodeError as error:
        raise _invalid(ascii(key), "must be valid Unicode") from error
    if max(sizes) > MAX_NAME_BYTES or sum(sizes) + len(sizes) > MAX_KEY_BYTES:
        raise _invalid(key, f"must be at most {MAX_KEY_BYTES} bytes, {MAX_NAME_BYTES} a segment")
    return key


def check_prefix(prefix: str) -> str:
    """Return the folder `prefix`, if it is a valid key or "" (the root). Raises `InvalidPath`."""
    return check_key(prefix) if prefix else prefix


def is_key(key: str) -> bool:
    """Whether `check_key` accepts the key."""
    try:
        check_key(key)
    except InvalidPath:
        return False
    return True


def escaped(name: str) -> str:
    """The name in printable ASCII, with Python's escapes for backslashes and other characters."""
    return name.encode("unicode_escape").decode("ascii")


def outside_root(key: str) -> InvalidParameters:
    """The error for a key whose symbolic links lead out of the root."""
    return _invalid(key, "must not lead out of the data root")


def _invalid(key: str, reason: str) -> InvalidParameters:
    shown = key if len(key) <= 200 else key[:200] + "..."
    constraint = "a relative path inside the data root"
    return InvalidPath.of("path", shown.replace("\0", "\\0"), constraint, reason)
