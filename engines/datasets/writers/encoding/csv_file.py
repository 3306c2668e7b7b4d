"""Records as CSV (RFC 4180): one row an image, a column for each leaf of the schema."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from engines.datasets.records.schema import Column, leaves

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.writers.hashed_file import HashedFile
    from engines.errors import JsonValue

_ROWS_BYTES = 64 * 1024
"""Written at a time."""


def flat_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the table: `quality.score` for the field of a struct."""
    return tuple(replace(column, name=path) for path, column in leaves(columns))


class CsvEncoder:
    """UTF-8, CRLF, a header. What is not known is an empty cell; lists and open objects are their
    JSON text."""

    def __init__(self, file: HashedFile, columns: tuple[Column, ...]) -> None:
        self._file = file
        self._paths = [path for path, _ in leaves(columns)]
        self._rows = io.StringIO(newline="")
        self._writer = csv.writer(self._rows)
        self._writer.writerow(self._paths)

    def add(self, record: Record, content: bytes | None) -> None:
        self._writer.writerow([_cell(_value(record, path)) for path in self._paths])
        if self._rows.tell() >= _ROWS_BYTES:
            self.finish()

    def finish(self) -> None:
        """A CSV file has no end of its own."""
        self._file.write(self._rows.getvalue().encode())
        self._rows.seek(0)
        self._rows.truncate()

    def abandon(self) -> None:
        """Nothing is held."""


def _value(record: Record, path: str) -> JsonValue:
    value: JsonValue = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _cell(value: JsonValue) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | int | float) else orjson.dumps(value).decode()
