"""What the command line prints: answers on standard output, everything else on standard error."""

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
"""Unicode's categories of controls, marks of direction and separators of lines."""
_FIELD = re.compile(r"([\w.\[\]]+): (.*)")
_WORDS = {
    **dict.fromkeys(("true", "succeeded", "complete", "success", "ready", "valid"), _GREEN),
    **dict.fromkeys(("false", "failed", "partial", "short", "invalid"), _RED),
}
"""Values that say how something ended, and their colors."""


def printable(text: str) -> str:
    """`text` on one line, without control characters: a server's words cannot steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def writable(text: str, stream: TextIO) -> str:
    """`text`, with escapes for what the stream's encoding lacks: a code page of Windows, `LANG=C`.
    The work is done by then, and must not end in an error of the printing."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _json_for(stream: TextIO, document: Mapping[str, object]) -> str:
    """With the escapes of JSON where the stream's encoding needs them, and for what is not seen or
    turns the direction of a line: a prompt cannot pass for another on a terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if text != writable(text, stream):
        return json.dumps(document, indent=2)
    return "".join(
        json.dumps(char)[1:-1] if char != "\n" and category(char) in _UNSEEN else char
        for char in text
    )


def takes_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """On a terminal, unless NO_COLOR is set (https://no-color.org) or it can do nothing."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Heading(str):
    """A line above a table: bold where there is color."""

    __slots__ = ()


class Console:
    """Answers as lines, or as one JSON document with `as_json`. Bars and colors on a terminal."""

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
        """The same, for a command whose standard output is a file: answers go to the error
        stream."""
        return Console(self._err, self._err, self._as_json, self._environ, self._clock)

    def answer(self, document: Mapping[str, object], lines: Iterable[str]) -> None:
        """The command's answer, in its two shapes."""
        if self._as_json:
            self._out.write(f"{_json_for(self._out, document)}\n")
        else:
            style = _styled if takes_color(self._out, self._environ) else printable
            self._out.writelines(f"{writable(style(line), self._out)}\n" for line in lines)
        self._out.flush()

    def log(self, text: str) -> None:
        """Another program's output, as it is."""
        self._out.write(writable(text, self._out))
        self._out.flush()

    def note(self, text: str) -> None:
        """A remark that is no part of the answer."""
        self._remark(printable(text))

    def error(self, text: str) -> None:
        """The one line that says what went wrong."""
        colored = takes_color(self._err, self._environ)
        name = _painted("inferloop:", _RED) if colored else "inferloop:"
        self._remark(f"{name} {printable(text)}")

    def _remark(self, line: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        self._err.write(f"{writable(line, self._err)}\n")
        self._err.flush()

    def ask(self, question: str, stdin: TextIO) -> bool:
        """Whether the person at the terminal says yes. No is the answer of who only hits Enter."""
        self._err.write(f"{printable(question)} [y/N] ")
        self._err.flush()
        return stdin.readline().strip().lower() in {"y", "yes"}

    def bar(self, label: str) -> ProgressBar:
        """A live bar on standard error; silent where that is no terminal."""
        live = self._err.isatty() and not self._as_json
        self._bar = ProgressBar(self._err, label, live, self._clock)
        return self._bar


class ProgressBar:
    """`label [#####.....] 25/50  2.1/s  12 s left`, redrawn in place; gone when its `with` block
    ends."""

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
        """`done` of `total`; a bare count where the total is unknown."""
        if not self._live:
            return
        line = f"{self._label} {done}"
        if total:
            filled = min(_BAR_WIDTH, _BAR_WIDTH * done // total)
            cells = "#" * filled + "." * (_BAR_WIDTH - filled)
            line = f"{self._label} [{cells}] {done}/{total}"
        line += self._pace(done, total)
        # One column free: some terminals wrap a full line.
        self._err.write(f"{_CLEAR}{line[: shutil.get_terminal_size().columns - 1]}")
        self._err.flush()

    def _pace(self, done: int, total: int | None) -> str:
        """Rate since the beginning, and the time that the rest takes at that rate."""
        passed_s = self._clock() - self._started
        if done <= 0 or passed_s <= 0:
            return ""
        rate = done / passed_s
        left = f"  {duration((total - done) / rate)} left" if total and total > done else ""
        return f"  {rate:.1f}/s{left}"

    def clear(self) -> None:
        """Take the bar away; the next `show` draws it again."""
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
    """As in "12 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of left-aligned columns; two spaces between them."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    head, *body = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
    return [Heading(head), *body]


def fields(document: Mapping[str, object], prefix: str = "") -> list[str]:
    """`name: value` lines of a document, nested names joined by dots; numbers with six digits."""
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
    """The line in color: headings bold, names of fields cyan, good and bad endings as such."""
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
    """As in "2.3 MB": decimal units, one digit after the point."""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if round(amount, 1) < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
