"""Make names of files and folders different even on case-insensitive file systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from hashlib import sha256
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def distinct_names(names: Mapping[K, str], between: str, digits: int) -> Mapping[K, str]:
    """The names, changed where they are equal except for case, as macOS and Windows compare them.

    To such names `between` and the first `digits` hex digits of the SHA-256 of `str(key)` are
    appended. Other names are not changed.
    """
    found = dict(names)
    while True:
        alike = Counter(name.casefold() for name in found.values())
        if len(alike) == len(found):
            return found
        found = {
            key: name if alike[name.casefold()] == 1 else f"{name}{between}{digest(key, digits)}"
            for key, name in found.items()
        }


def digest(key: Hashable, digits: int) -> str:
    """The first `digits` hex digits of the SHA-256 of `str(key)`."""
    return sha256(str(key).encode()).hexdigest()[:digits]
