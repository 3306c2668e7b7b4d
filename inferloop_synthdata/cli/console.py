"""Output of the command line: answers go to standard output, all other lines to standard error."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, TextIO
from unicodedata import category

_BAR_WIDTH = 30
_CLEAR = "\r\x1b[K"
_BOLD, _RED, _GREEN, _CYAN = "1", "31", "32", "36"
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories of control characters, direction marks and line separators."""
_FIELD = re.compile(r"([\w.\[\]]+): (.*)")
_WORDS = {
    **dict.fromkeys(("true", "succeeded", "complete", "success", "ready", "valid"), _GREEN),
    **dict.fromkeys(("false", "failed", "partial", "short", "invalid"), _RED),
}
"""Values that state a result, and their colors."""


def printable(text: str) -> str:
    """`text` on one line, with a space for each control character. So text from the server cannot
    control the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def writable(text: str, stream: TextIO) -> str:
    """`text` with escapes for characters that the stream's encoding does not have, as with some
    code pages of Windows. Otherwise a command that succeeded would fail while printing."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _json_for(stream: TextIO, document: Mapping[str, object]) -> str:
    """The document as JSON, with JSON's escapes for characters that the stream's encoding does not
    have, and for invisible characters and direction marks. So a prompt cannot look like another on
    a terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if text != writable(text, stream):
        return json.dumps(document, indent=2)
    return "".join(
        json.dumps(char)[1:-1] if char != "\n" and category(char) in _UNSEEN else char
        for char in text
    )


def takes_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to use colors: on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM
    is "dumb"."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Heading(str):
    """The heading of a table. It is bold if colors are used."""

    __slots__ = ()


class Console:
    """Prints answers as lines, or as one JSON document with `as_json`. Progress bars and colors are
    used only on a terminal."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        as_json: bool = False,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._err = err
        self._as_json = as_json
        self._environ = environ or {}
        self._clock = clock
        self._bar: ProgressBar | None = None

    def aside(self) -> Console:
        """A console that prints answers to standard error, for a command that writes a file to
        standard output."""
        return Console(self._err, self._err, self._as_json, self._environ, self._clock)

    def answer(self, document: Mapping[str, object], lines: Iterable[str]) -> None:
        """Print the answer of a command: `document` as JSON, or `lines` as text."""
        if self._as_json:
            self._out.write(f"{_json_for(self._out, document)}\n")
        else:
            style = _styled if takes_color(self._out, self._environ) else printable
            self._out.writelines(f"{writable(style(line), self._out)}\n" for line in lines)
        self._out.flush()

    def log(self, text: str) -> None:
        """Print the output of another program unchanged."""
        self._out.write(writable(text, self._out))
        self._out.flush()

    def note(self, text: str) -> None:
        """Print a remark that is not part of the answer."""
        self._remark(printable(text))

    def error(self, text: str) -> None:
        """Print an error as one line."""
        colored = takes_color(self._err, self._environ)
        name = _painted("inferloop:", _RED) if colored else "inferloop:"
        self._remark(f"{name} {printable(text)}")

    def _remark(self, line: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        self._err.write(f"{writable(line, self._err)}\n")
        self._err.flush()

    def ask(self, question: str, stdin: TextIO) -> bool:
        """Ask the user a question. True only for "y" or "yes"; an empty line means no."""
        self._err.write(f"{printable(question)} [y/N] ")
        self._err.flush()
        return stdin.readline().strip().lower() in {"y", "yes"}

    def bar(self, label: str) -> ProgressBar:
        """A progress bar on standard error. It prints nothing if that is not a terminal."""
        live = self._err.isatty() and not self._as_json
        self._bar = ProgressBar(self._err, label, live, self._clock)
        return self._bar


class ProgressBar:
    """A line such as `label [#####.....] 25/50  2.1/s  12 s left`. It is redrawn in place, and
    removed at the end of its `with` block."""

    def __init__(
        self, err: TextIO, label: str, live: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._err = err
        self._label = printable(label)
        self._live = live
        self._clock = clock
        self._started = clock()

    def __enter__(self) -> Self:
        self._started = self._clock()
        return self

    def show(self, done: int, total: int | None = None) -> None:
        """Draw `done` of `total`. Without a total, only the count is shown."""
        if not self._live:
            return
        line = f"{self._label} {done}"
        if total:
            filled = min(_BAR_WIDTH, _BAR_WIDTH * done // total)
            cells = "#" * filled + "." * (_BAR_WIDTH - filled)
            line = f"{self._label} [{cells}] {done}/{total}"
        line += self._pace(done, total)
        # One column stays free, because some terminals wrap a line that fills the whole width.
        self._err.write(f"{_CLEAR}{line[: shutil.get_terminal_size().columns - 1]}")
        self._err.flush()

    def _pace(self, done: int, total: int | None) -> str:
        """The rate since the start, and the remaining time at this rate."""
        passed_s = self._clock() - self._started
        if done <= 0 or passed_s <= 0:
            return ""
        rate = done / passed_s
        left = f"  {duration((total - done) / rate)} left" if total and total > done else ""
        return f"  {rate:.1f}/s{left}"

    def clear(self) -> None:
        """Remove the bar. The next `show` draws it again."""
        if self._live:
            self._err.write(_CLEAR)
            self._err.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clear()
        self._live = False


def duration(seconds: float) -> str:
    """A duration such as "12 s", "3 min 20 s" or "2 h 5 min"."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table with left-aligned columns, and two spaces between columns."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    head, *body = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
    return [Heading(head), *body]


def fields(document: Mapping[str, object], prefix: str = "") -> list[str]:
    """A document as lines `name: value`. Nested names are joined by dots, and numbers have six
    significant digits."""
    lines: list[str] = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            lines += fields(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(i, Mapping) for i in value):
            for index, item in enumerate(value):
                lines += fields(item, f"{prefix}{name}[{index}].")
        else:
            lines.append(f"{prefix}{name}: {_shown(value)}")
    return lines


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False)


def _painted(text: str, color: str) -> str:
    return f"\x1b[{color}m{text}\x1b[0m"


def _styled(line: str) -> str:
    """The line in color: headings bold, field names cyan, good results green, bad ones red."""
    clean = printable(line)
    if isinstance(line, Heading):
        return _painted(clean, _BOLD)
    field = _FIELD.fullmatch(clean)
    if field is None:
        return clean
    name, value = field.groups()
    color = _WORDS.get(value)
    return f"{_painted(name, _CYAN)}: {_painted(value, color) if color else value}"


def size(size_bytes: int) -> str:
    """A size such as "2.3 MB", in decimal units and with one digit after the point."""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if round(amount, 1) < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
