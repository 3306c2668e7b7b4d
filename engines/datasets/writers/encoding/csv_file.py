"""Records as CSV (RFC 4180): one row an image, a column for each leaf of the schema."""

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
"""With the apostrophes of a text that had them before, so that `unquoted` gives each back."""
_ROWS_BYTES = 64 * 1024
"""Written at a time."""


def flat_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the table: `quality.score` for the field of a struct."""
    return tuple(replace(column, name=path) for path, column in leaves(columns))


class CsvEncoder:
    """UTF-8, CRLF, a header. What is not known is an empty cell; lists and open objects are their
    JSON text. A text that a spreadsheet would run as a formula has an apostrophe before it (OWASP,
    "CSV Injection"), unless `escape_formulas` is off; see `unquoted`."""

    def __init__(
        self, file: HashedFile, columns: tuple[Column, ...], escape_formulas: bool = True
    ) -> None:
        self._file = file
        self._text = quoted if escape_formulas else str
        self._paths = [path for path, _ in leaves(columns)]
        self._rows = io.StringIO(newline="")
        self._writer = csv.writer(self._rows)
        self._writer.writerow(self._paths)

    def add(self, record: Record, content: bytes | None) -> None:
        cells = [_cell(_value(record, path)) for path in self._paths]
        self._writer.writerow([self._text(c) if isinstance(c, str) else c for c in cells])
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
    if isinstance(value, int | float):
        return value
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def quoted(text: str) -> str:
    """A cell's text so that no spreadsheet takes it for a formula: with an apostrophe before it
    where it begins with one of `= + - @`, their wide forms, a tab or a line break."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(cell: str) -> str:
    """The text of a cell that `quoted` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
