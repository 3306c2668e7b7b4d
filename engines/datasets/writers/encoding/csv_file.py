"""Write records as CSV (RFC 4180): one row per image, one column per field of the schema."""

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
"""Matches the beginning of a text that needs an apostrophe. Apostrophes before a formula match too,
so that `unquoted` restores every text."""
_ROWS_BYTES = 64 * 1024
"""Rows are written together up to this many bytes."""


def flat_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the table, in which a field of a struct has a dotted name: `quality.score`."""
    return tuple(replace(column, name=path) for path, column in leaves(columns))


class CsvEncoder:
    """Writes UTF-8 with CRLF and a header row.

    Unknown values are empty cells; lists and objects are JSON text. A text that a spreadsheet would
    run as a formula gets an apostrophe in front (OWASP, "CSV Injection"; see `unquoted`), unless
    `escape_formulas` is false.
    """

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
        """Write the rows that are not written yet."""
        self._file.write(self._rows.getvalue().encode())
        self._rows.seek(0)
        self._rows.truncate()

    def abandon(self) -> None:
        """Does nothing."""


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
    """The text, with an apostrophe in front if a spreadsheet could take it for a formula: if it
    begins with one of `= + - @`, their full-width forms, a tab or a line break."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(cell: str) -> str:
    """The original text of a cell that `quoted` returned."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
