"""Names of images in an export that readers do not interpret.

Hugging Face `datasets` takes a folder or file called `train`, `test-1.png` or `my dev set/` for a
split and then drops all other files. It ignores names that begin with `.` or `__`, and files with
unknown suffixes. https://huggingface.co/docs/datasets/repository_structure
"""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext

from engines.types.image_formats import IMAGE_SUFFIXES, SUFFIX_BY_FORMAT

_WORDS = "train|training|validation|valid|dev|val|test|testing|eval|evaluation"
_SPLIT = re.compile(rf"(?:^|[-._ 0-9])(?:{_WORDS})(?:[-._ 0-9]|$)", re.IGNORECASE)
_RISKY = re.compile(r"^(?:\.|__)|[*?\[\]:]|[. ]$|^metadata\.")
"""Names that are hidden, that have a meaning in globs or URLs, or that some file systems change."""
_READ_SUFFIXES = frozenset(IMAGE_SUFFIXES) - {".mpo", ".avif", ".heic", ".heif", ".hif"}
_OTHER_SUFFIX = ".tiff"
"""Suffix for formats whose own suffix readers do not know. Readers open files by content."""


def neutral_name(name: str, format_: str | None) -> str:
    """The name for an image in an export. `name` is relative to its dataset.

    Parts that readers would interpret are replaced by a hash of the part, so that the result is
    always the same. `format_`: the file's format, for names whose suffix readers do not know.
    """
    *folders, file = name.split("/")
    suffix = splitext(file)[1]
    if suffix.lower() not in _READ_SUFFIXES:
        file = _hashed(file) + _suffix(format_)
    elif _means_something(file):
        file = _hashed(file) + suffix
    return "/".join([*(_hashed(f) if _means_something(f) else f for f in folders), file])


def _suffix(format_: str | None) -> str:
    suffix = SUFFIX_BY_FORMAT.get(format_ or "", _OTHER_SUFFIX)
    return suffix if suffix in _READ_SUFFIXES else _OTHER_SUFFIX


def needs_format(name: str) -> bool:
    """Whether readers do not know the name's suffix."""
    return splitext(name)[1].lower() not in _READ_SUFFIXES


def _means_something(part: str) -> bool:
    return bool(_SPLIT.search(part) or _RISKY.search(part))


def _hashed(part: str) -> str:
    return "n" + hashlib.sha256(part.encode()).hexdigest()[:16]
