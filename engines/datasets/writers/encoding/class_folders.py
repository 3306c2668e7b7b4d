"""Write images to a ZIP file with a folder for each class. Torchvision's `ImageFolder` and Hugging
Face's `imagefolder` read the unpacked files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from engines.types.datasets.distinct_names import digest, distinct_names
from engines.types.image_formats import SUFFIX_BY_FORMAT
from engines.types.names import DEVICES

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.hashed_file import HashedFile

_PLAIN = frozenset(" _-")
_MOST_BYTES, _KEPT_BYTES = 200, 160
"""Longest name, and the length to which longer ones are cut before a hash is added. File systems
allow 255 bytes, of which unpackers may need some."""
_DIGEST_DIGITS = 16
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""The earliest and the latest time that ZIP can store."""


class ClassFolderEncoder:
    """Writes one ZIP member per image, without compression. Every record must have the class.

    The list of members is in memory, some hundred bytes each, because ZIP stores it at the end.
    """

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
        """The member's name, with a hash added if it equals an earlier one except for case: on some
        file systems `A.png` would replace `a.png`."""
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
    """Class to the name of its folder. Names that are equal except for case (`Fox` and `fox`) get a
    hash, because some file systems would merge the folders."""
    return distinct_names({value: folder_name(value) for value in values}, "~", _DIGEST_DIGITS)


def folder_name(value: str) -> str:
    """The name of a class as a folder name that is valid on every system.

    Characters other than letters, digits, spaces, dashes and underscores are percent-encoded (`a/b`
    is `a%2Fb`), and so is a character of names that Windows reserves (`con`). A name that is too
    long is cut, and a hash is added. Different classes get different names.
    """
    kept = (c if c.isalnum() or c in _PLAIN else "".join(_codes(c)) for c in value)
    name = "".join(kept)
    if name.endswith(" "):
        name = f"{name[:-1]}%20"
    if name.lower() in DEVICES:
        name = "".join(_codes(name[0])) + name[1:]
    return name if len(name.encode()) <= _MOST_BYTES else _cut(name)


def _cut(name: str) -> str:
    return f"{name.encode()[:_KEPT_BYTES].decode(errors='ignore')}~{digest(name, _DIGEST_DIGITS)}"


def _codes(character: str) -> list[str]:
    return [f"%{byte:02X}" for byte in character.encode()]


def _stem(image_id: str) -> str:
    """The file name for an image, without suffix and without slashes."""
    if "/" not in image_id:
        return image_id
    return f"{image_id.replace('/', '_')}_{digest(image_id, 8)}"


def _suffix(record: Record) -> str:
    return SUFFIX_BY_FORMAT.get(str(record["format"]), ".img")
