"""Images in a ZIP file with a folder for each class: unpacked, torchvision's `ImageFolder` and
Hugging Face's `imagefolder` read it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from engines.types.datasets.distinct_names import digest, distinct_names
from engines.types.image_formats import SUFFIX_BY_FORMAT

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.hashed_file import HashedFile

_PLAIN = frozenset(" _-")
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(port + n for port in ("COM", "LPT") for n in "123456789¹²³")}
)
"""https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""
_MOST_BYTES, _KEPT_BYTES = 200, 160
"""File systems take 255 bytes; unpackers may add some."""
_DIGEST_DIGITS = 16
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""ZIP knows no moment before and none after."""


class ClassFolderEncoder:
    """One member for each image, stored as it is. Takes only records that have the class. The list
    of members stays in memory, some hundred bytes each, because ZIP has it at its end."""

    def __init__(self, file: HashedFile, table: ClassTable) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._table = table
        self._folders = folder_names(table.values)
        self._taken: set[str] = set()

    def add(self, record: Record, content: bytes | None) -> None:
        value = self._table.value_of(record) or ""
        folder = self._folders.get(value) or folder_name(value)
        name = self._free(f"{folder}/{_stem(str(record['id']))}", _suffix(record))
        made_at = datetime.fromisoformat(str(record["created_at"])).timetuple()[:6]
        moment = min(max(made_at, _FIRST), _LAST)
        self._zip.writestr(zipfile.ZipInfo(name, moment), content or b"")

    def _free(self, stem: str, suffix: str) -> str:
        """The name, with a hash where a file system may take it for an earlier one: `A.png` would
        replace `a.png`."""
        name = stem + suffix
        if name.casefold() in self._taken:
            name = f"{stem}~{digest(stem, _DIGEST_DIGITS)}{suffix}"
        self._taken.add(name.casefold())
        return name

    def finish(self) -> None:
        self._zip.close()

    def abandon(self) -> None:
        self._zip.close()


def folder_names(values: Iterable[str]) -> Mapping[str, str]:
    """Each class's folder. Where a file system may take two for one (`Fox` and `fox`), which would
    make one class of both, each has a hash more."""
    return distinct_names({value: folder_name(value) for value in values}, "~", _DIGEST_DIGITS)


def folder_name(value: str) -> str:
    """A class as a folder's name on any system: what is no letter, digit, space, dash or underscore
    is written as its code (`a/b` is `a%2Fb`), also in names that Windows keeps for itself (`con`).
    A name too long for a file system is cut, and a hash is added. Different classes get different
    names."""
    kept = (c if c.isalnum() or c in _PLAIN else "".join(_codes(c)) for c in value)
    name = "".join(kept)
    if name.endswith(" "):
        name = f"{name[:-1]}%20"
    if name.upper() in _RESERVED:
        name = "".join(_codes(name[0])) + name[1:]
    return name if len(name.encode()) <= _MOST_BYTES else _cut(name)


def _cut(name: str) -> str:
    return f"{name.encode()[:_KEPT_BYTES].decode(errors='ignore')}~{digest(name, _DIGEST_DIGITS)}"


def _codes(character: str) -> list[str]:
    return [f"%{byte:02X}" for byte in character.encode()]


def _stem(image_id: str) -> str:
    """One name for an image, also for one of a folder below."""
    if "/" not in image_id:
        return image_id
    return f"{image_id.replace('/', '_')}_{digest(image_id, 8)}"


def _suffix(record: Record) -> str:
    return SUFFIX_BY_FORMAT.get(str(record["format"]), ".img")
