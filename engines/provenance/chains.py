"""Read the log of marks: find an entry, and check that no entry was changed or removed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from engines.errors import NotFound
from engines.protocols import StopCheck, never_stopped
from engines.provenance.log import BEGINNING, LOG_FOLDER

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage

SEGMENT = re.compile(r"(\d{8}T\d{6}-[0-9a-f]{12})-(\d{6,9})")
"""Name of a log segment: the writer (the process that wrote it), and the segment's number."""
_MOST_PROBLEMS = 100

Line = dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the log, and the name of its segment."""

    segment: str
    line: Line


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of checking the whole log. Each writer has one chain of segments."""

    chains: int
    segments: int
    entries: int
    torn: int
    """Number of incomplete last lines, left by crashes."""
    problems: tuple[str, ...]
    """Descriptions of the first 100 places where an entry was changed or is missing."""

    @property
    def is_intact(self) -> bool:
        """Whether there are no problems; incomplete last lines are not problems."""
        return not self.problems


def find(storage: Storage, segment: str, file_sha256: str) -> Found | None:
    """The entry about the file with this SHA-256, hex, or None.

    Searched in the segment that the file's mark names and in the next one, because other threads
    may have filled the first meanwhile. Blocks.
    """
    named = SEGMENT.fullmatch(segment)
    if named is None:  # the mark of another service may contain any text
        return None
    writer, number = named[1], int(named[2])
    for name in (segment, f"{writer}-{number + 1:06d}"):
        try:
            content = storage.read(f"{LOG_FOLDER}/{name}.jsonl")
        except NotFound:
            continue
        for line in content.splitlines():
            entry = _parsed(line)
            if entry is not None and entry.get("file_sha256") == file_sha256:
                return Found(name, entry)
    return None


def heads(storage: Storage, stop: StopCheck = never_stopped) -> dict[str, JsonValue]:
    """The state of each chain's last segment: name to {"size_bytes", "sha256"}.

    A kept copy of it shows later, by `lost`, whether the end of a chain was removed. Blocks.
    """
    last: dict[str, str] = {}
    for stat in storage.list(LOG_FOLDER):
        stop()
        named = SEGMENT.fullmatch(_name(stat.key))
        if named is not None:
            last[named[1]] = stat.key
    return {_name(key): _head(storage.read(key)) for key in last.values()}


def lost(storage: Storage, kept: Mapping[str, object]) -> list[str]:
    """The segments in `kept`, the result of an earlier `heads`, whose content of that time was
    changed or is missing. Blocks."""
    gone = []
    for segment, head in kept.items():
        size = head.get("size_bytes") if isinstance(head, dict) else None
        if SEGMENT.fullmatch(segment) is None or not isinstance(size, int):
            gone.append(segment)
            continue
        try:
            content = storage.read(f"{LOG_FOLDER}/{segment}.jsonl", 0, size)
        except NotFound:
            content = b""
        if _head(content) != head:
            gone.append(segment)
    return gone


def _head(content: bytes) -> dict[str, JsonValue]:
    return {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def check(storage: Storage, stop: StopCheck = never_stopped) -> ChainReport:
    """Check every chain. Blocks: reads the whole log."""
    walk = _Walk()
    for stat in storage.list(LOG_FOLDER):
        stop()
        named = SEGMENT.fullmatch(_name(stat.key))
        if named is None:
            walk.problem(f"{_name(stat.key)}: not a segment of the log")
            continue
        walk.segment(named[1], int(named[2]), storage.read(stat.key))
    return walk.report()


class _Walk:
    """The state of a check. Segments must be given in the order of their names, so that those of
    one writer follow each other."""

    def __init__(self) -> None:
        self._writers: set[str] = set()
        self._segments = self._entries = self._torn = self._count = 0
        self._problems: list[str] = []
        self._writer, self._number, self._before = "", -1, BEGINNING
        self._is_torn = False

    def problem(self, text: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(text)

    def segment(self, writer: str, number: int, content: bytes) -> None:
        if writer != self._writer:
            self._writer, self._number, self._before = writer, -1, BEGINNING
            self._count, self._is_torn = 0, False
        name = f"{writer}-{number:06d}"
        if number != self._number + 1:
            self.problem(f"{name}: segment {self._number + 1} of this chain is missing")
        if self._is_torn:
            self.problem(f"{name}: goes on after a torn line")
        self._writers.add(writer)
        self._segments, self._number = self._segments + 1, number
        self._lines(name, content)

    def _lines(self, name: str, content: bytes) -> None:
        *whole, rest = content.split(b"\n")
        if rest:  # a crash in the middle of the last append
            self._is_torn, self._torn = True, self._torn + 1
        for at, line in enumerate(whole):
            entry = _parsed(line)
            if entry is None:
                self.problem(f"{name}: line {at + 1} is not an entry")
            elif entry.get("before") != self._before:
                self.problem(f"{name}: line {at + 1} does not follow the line before it")
            elif entry.get("n") != self._count:
                self.problem(f"{name}: line {at + 1} has a wrong number")
            self._before = hashlib.sha256(line).hexdigest()
            self._count = _next(entry, self._count)
            self._entries += 1

    def report(self) -> ChainReport:
        return ChainReport(
            len(self._writers), self._segments, self._entries, self._torn, tuple(self._problems)
        )


def _next(entry: Line | None, count: int) -> int:
    number = None if entry is None else entry.get("n")
    return (number if isinstance(number, int) else count) + 1


def _parsed(line: bytes) -> Line | None:
    try:
        entry = orjson.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _name(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".jsonl")
