"""Names of images inside an export, in a form that has no special meaning for readers.

Hugging Face `datasets` treats a folder or file called `train`, `test-1.png` or `my dev set/` as a
split and then drops files outside splits. It ignores names that begin with `.` or `__`, and files
with unknown suffixes. https://huggingface.co/docs/datasets/repository_structure
"""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext

from engines.types.image_formats import IMAGE_SUFFIXES, SUFFIX_BY_FORMAT

_WORDS = "train|training|validation|valid|dev|val|test|testing|eval|evaluation"
_SPLIT = re.compile(rf"(?:^|[-._ 0-9])(?:{_WORDS})(?:[-._ 0-9]|$)", re.IGNORECASE)
_RISKY = re.compile(r"^(?:\.|__)|[*?\[\]:]|[. ]$|^metadata\.")
"""Names that are hidden, are special in globs or URLs, or are not valid on other file systems."""
_READ_SUFFIXES = frozenset(IMAGE_SUFFIXES) - {".mpo", ".avif", ".heic", ".heif", ".hif"}
_OTHER_SUFFIX = ".tiff"
"""Suffix for formats whose own suffix is unknown to readers. They detect the format by content."""


def neutral_name(name: str, format_: str | None) -> str:
    """The name of an image in an export, relative to its dataset.

    Every part that has a special meaning for readers is replaced by a hash. The same name always
    gives the same result. `format_`: the image format, for names with a suffix that readers do not
    know.
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
    """Whether the suffix of the name is unknown to readers."""
    return splitext(name)[1].lower() not in _READ_SUFFIXES


def _means_something(part: str) -> bool:
    return bool(_SPLIT.search(part) or _RISKY.search(part))


def _hashed(part: str) -> str:
    return "n" + hashlib.sha256(part.encode()).hexdigest()[:16]
