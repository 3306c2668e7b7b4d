"""What the command line prints: answers on standard output, everything else on standard error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, TextIO

_BAR_WIDTH = 30


def printable(text: str) -> str:
    """`text` on one line, without control characters: a server's words cannot steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


class Console:
    """Answers as lines, or as one JSON document with `as_json`. Bars only on a terminal."""

    def __init__(self, out: TextIO, err: TextIO, as_json: bool = False) -> None:
        self._out = out
        self._err = err
        self._as_json = as_json

    def answer(self, document: Mapping[str, object], lines: Iterable[str]) -> None:
        """The command's answer, in its two shapes."""
        if self._as_json:
            lines = [json.dumps(document, indent=2, ensure_ascii=False)]
        else:
            lines = map(printable, lines)
        for line in lines:
            self._out.write(f"{line}\n")
        self._out.flush()

    def log(self, text: str) -> None:
        """Another program's output, as it is."""
        self._out.write(text)
        self._out.flush()

    def note(self, text: str) -> None:
        """A remark that is no part of the answer."""
        self._err.write(f"{printable(text)}\n")
        self._err.flush()

    def error(self, text: str) -> None:
        """The one line that says what went wrong."""
        self.note(f"inferloop: {text}")

    def bar(self, label: str) -> ProgressBar:
        """A live bar on standard error; silent where that is no terminal."""
        return ProgressBar(self._err, label, live=self._err.isatty() and not self._as_json)


class ProgressBar:
    """`label [#####.....] 25/50`, redrawn in place; gone when its `with` block ends."""

    def __init__(self, err: TextIO, label: str, live: bool) -> None:
        self._err = err
        self._label = printable(label)
        self._live = live

    def __enter__(self) -> Self:
        return self

    def show(self, done: int, total: int | None = None) -> None:
        """`done` of `total`; a bare count where the total is unknown."""
        if not self._live:
            return
        line = f"{self._label} {done}"
        if total:
            filled = min(_BAR_WIDTH, _BAR_WIDTH * done // total)
            cells = "#" * filled + "." * (_BAR_WIDTH - filled)
            line = f"{self._label} [{cells}] {done}/{total}"
        # One column free: some terminals wrap a full line.
        self._err.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        self._err.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._err.write("\r\x1b[K")
            self._err.flush()


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of left-aligned columns; two spaces between them."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def fields(document: Mapping[str, object], prefix: str = "") -> list[str]:
    """`name: value` lines of a document, nested names joined by dots."""
    lines: list[str] = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            lines += fields(value, f"{prefix}{name}.")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            for index, item in enumerate(value):
                lines += fields(item, f"{prefix}{name}[{index}].")
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{prefix}{name}: {shown}")
    return lines


def size(size_bytes: int) -> str:
    """As in "2.3 MB": decimal units, one digit after the point."""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
