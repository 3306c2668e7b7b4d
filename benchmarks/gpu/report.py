"""The rows of a run. Each is written at once, so that an interrupted run keeps its results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.gpu.published import published_table

Value = str | float | int
COLUMNS = (
    "model",
    "what",
    "dtype",
    "how",
    "rows",
    "step_ms",
    "bare_ms",
    "decode_ms",
    "img_s",
    "mean_s",
    "peak_gib",
    "took_s",
    "note",
)
"""Columns of the table. Rows in `rows.jsonl` may have more."""


class Report:
    """`rows.jsonl` and `table.md` in a folder, and the same rows on standard output."""

    def __init__(self, folder: Path, title: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rows_file = folder / "rows.jsonl"
        self._table_file = folder / "table.md"
        self._rows_file.write_text("", encoding="utf-8")
        self._title = title
        self._rows: list[Mapping[str, Value]] = []
        self._not_run: list[str] = []
        print(f"{title}\n\n{_head()}", flush=True)
        self._write_table()

    @property
    def rows(self) -> Sequence[Mapping[str, Value]]:
        return self._rows

    def add(self, row: Mapping[str, Value]) -> None:
        """Add a measured row, or one whose `note` describes an error."""
        self._rows.append(row)
        with self._rows_file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(row) + "\n")
        print(_line(row), flush=True)
        self._write_table()

    def not_run(self, name: str) -> None:
        """Record a cell that was not started."""
        self._not_run.append(name)
        self._write_table()

    def end(self) -> str:
        """The text below the table: published figures of others, and the cells that were not
        run."""
        missing = "".join(f"- not run: {name}\n" for name in self._not_run)
        return f"\n{published_table()}\n\n{missing}"

    def _write_table(self) -> None:
        lines = [self._title, "", _head(), *map(_line, self._rows), self.end()]
        self._table_file.write_text("\n".join(lines), encoding="utf-8")


def _head() -> str:
    return f"| {' | '.join(COLUMNS)} |\n" + "|---" * len(COLUMNS) + "|"


def _line(row: Mapping[str, Value]) -> str:
    return f"| {' | '.join(_cell(row.get(column, '')) for column in COLUMNS)} |"


def _cell(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:.0f}"
    return str(value).replace("|", "/").replace("\n", " ")
