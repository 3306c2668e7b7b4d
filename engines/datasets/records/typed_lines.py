"""Write JSON lines for readers that infer the types from the first megabytes (image folders)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

import orjson

from engines.datasets.records.features import with_json_as_text
from engines.datasets.records.schema import Column, leaves

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.errors import JsonValue

LOOKED_AT_BYTES = 8 * 2**20
"""The part of the file in which every column must have a value; `datasets` reads 10 MB to infer
types."""
_SPOOL_BYTES = 8 * 2**20


class TypedLines:
    """Writes records in the encoding "typed" to `file`, one JSON object per line.

    Readers treat a column as empty if its first value is beyond the part of the file that they look
    at. `arrange` prevents that.
    """

    def __init__(
        self, file: BinaryIO, columns: tuple[Column, ...], looked_at_bytes: int = LOOKED_AT_BYTES
    ) -> None:
        self._file, self._columns = file, columns
        self._looked_at_bytes = looked_at_bytes
        self._unseen = {tuple(path.split(".")) for path, _ in leaves(columns)}
        self._firsts: list[tuple[int, int]] = []
        self._size_bytes = 0

    def add(self, record: Record) -> None:
        """Write a record. Its open objects are changed to JSON text, in place."""
        with_json_as_text(self._columns, record)
        line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        seen = {path for path in self._unseen if _value(record, path) not in (None, [])}
        if seen:
            self._unseen -= seen
            self._firsts.append((self._size_bytes, len(line)))
        self._file.write(line)
        self._size_bytes += len(line)

    def arrange(self) -> None:
        """If the first value of any column is beyond `looked_at_bytes`, move the records with the
        first value of each column to the top of the file."""
        if not self._firsts or sum(self._firsts[-1]) <= self._looked_at_bytes:
            return
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            arranged = cast("BinaryIO", spool)
            for start, size_bytes in [*self._firsts, *self._others()]:
                self._copy(start, size_bytes, arranged)
            arranged.seek(0)
            self._file.seek(0)
            shutil.copyfileobj(arranged, self._file)

    def _others(self) -> Iterator[tuple[int, int]]:
        """Byte ranges of the records that are not moved."""
        position = 0
        for start, size_bytes in [*self._firsts, (self._size_bytes, 0)]:
            yield position, start - position
            position = start + size_bytes

    def _copy(self, start: int, size_bytes: int, target: BinaryIO) -> None:
        self._file.seek(start)
        while size_bytes:
            chunk = self._file.read(min(size_bytes, 2**20))
            target.write(chunk)
            size_bytes -= len(chunk)


def _value(record: Record, path: tuple[str, ...]) -> JsonValue:
    value: JsonValue = record
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
