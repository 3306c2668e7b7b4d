"""Names of files and folders that no file system takes for one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from hashlib import sha256
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def distinct_names(names: Mapping[K, str], between: str, digits: int) -> Mapping[K, str]:
    """The names, of which those that are equal without regard to case (as on macOS and Windows) get
    a digest of their keys: `between`, then so many hex `digits` of the SHA-256 of `str(key)`. Names
    that differ stay as they are."""
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
    """So many hex digits of the SHA-256 of `str(key)`."""
    return sha256(str(key).encode()).hexdigest()[:digits]
