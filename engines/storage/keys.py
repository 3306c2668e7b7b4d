"""Which keys exist at all: one rule for the folder, the bucket and everyone who names an object."""

from __future__ import annotations

import re

from engines.errors import InvalidParameters, InvalidPath

TEMPORARY_PREFIX = ".tmp-"
"""Names of files that are being written; never listed, never a key."""
RESERVED_FOLDER = ".inferloop"
"""Folder of the storage itself (locks) at the root; never listed, never a key."""
MAX_KEY_BYTES = 900
"""S3 takes 1024 bytes; the rest is left to the bucket prefix."""
MAX_NAME_BYTES = 230
"""File systems take 255 bytes a name; the rest is left to the temporary name beside it."""

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_USUAL = re.compile(r"(?!\.)[\w-][\w.-]{0,79}(?:/[\w-][\w.-]{0,79}){0,9}", re.ASCII)
"""Most keys; told at once, because listings ask for every one of 100,000."""


def check_key(key: str) -> str:
    """The key itself, if it is one.

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
    """A folder to list: a key, or "" for the root."""
    return check_key(prefix) if prefix else prefix


def is_key(key: str) -> bool:
    """Whether `check_key` accepts it: what a listing may show."""
    try:
        check_key(key)
    except InvalidPath:
        return False
    return True


def escaped(name: str) -> str:
    """A name that can be no key, printable: backslashes and what is not ASCII as in Python."""
    return name.encode("unicode_escape").decode("ascii")


def outside_root(key: str) -> InvalidParameters:
    """The error for a key whose symbolic links lead out of the root."""
    return _invalid(key, "must not lead out of the data root")


def _invalid(key: str, reason: str) -> InvalidParameters:
    shown = key if len(key) <= 200 else key[:200] + "..."
    constraint = "a relative path inside the data root"
    return InvalidPath.of("path", shown.replace("\0", "\\0"), constraint, reason)
