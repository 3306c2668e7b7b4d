"""Names inside an export that no reader gives a meaning.

Hugging Face `datasets` takes a folder or file called `train`, `test-1.png` or `my dev set/` for a
split and drops what fits none, ignores names that begin with `.` or `__`, and skips files whose
suffix it does not know. https://huggingface.co/docs/datasets/repository_structure
"""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext

from engines.types.image_formats import IMAGE_SUFFIXES, SUFFIX_BY_FORMAT

_WORDS = "train|training|validation|valid|dev|val|test|testing|eval|evaluation"
_SPLIT = re.compile(rf"(?:^|[-._ 0-9])(?:{_WORDS})(?:[-._ 0-9]|$)", re.IGNORECASE)
_RISKY = re.compile(r"^(?:\.|__)|[*?\[\]:]|[. ]$|^metadata\.")
"""Hidden, special to globs or URLs, or lost on other file systems."""
_READ_SUFFIXES = frozenset(IMAGE_SUFFIXES) - {".mpo", ".avif", ".heic", ".heif", ".hif"}
_OTHER_SUFFIX = ".tiff"
"""For formats whose own suffix no folder reader knows: they are opened by content."""


def neutral_name(name: str, format_: str | None) -> str:
    """The image's name, relative to its dataset, as an export may carry it: as it is, or with a
    hash in place of every part that a reader would take for something else. The same name becomes
    the same one every time.

    `format_`: what the file is, for names whose suffix readers do not know.
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
