"""Writes records as CSV (RFC 4180): one row per image, and one column per field of the schema."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from engines.datasets.records.schema import Column, leaves

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.writers.hashed_file import HashedFile
    from engines.errors import JsonValue

_FORMULA = re.compile("'*[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
"""Leading apostrophes are included, so that `unquoted` can restore a text that had them before."""
_ROWS_BYTES = 64 * 1024
"""Rows are collected and written in blocks of this size."""


def flat_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the table: `quality.score` for the field of a struct."""
    return tuple(replace(column, name=path) for path, column in leaves(columns))


class CsvEncoder:
    """Writes UTF-8 with CRLF and a header. Null is an empty cell. Lists and objects are JSON text.

    Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
    Injection"). `unquoted` removes it.
    """

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
        """Write the remaining rows. A CSV file has no trailer."""
        self._file.write(self._rows.getvalue().encode())
        self._rows.seek(0)
        self._rows.truncate()

    def abandon(self) -> None:
        """Do nothing, because nothing has to be freed."""


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
    if isinstance(value, int | float):
        return value
    return quoted(value if isinstance(value, str) else orjson.dumps(value).decode())


def quoted(text: str) -> str:
    """The text of a cell in a form that no spreadsheet runs as a formula. It gets an apostrophe in
    front if it begins with one of `= + - @`, their full-width forms, a tab or a line break."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(cell: str) -> str:
    """The original text of a cell that `quoted` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
