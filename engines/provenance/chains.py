"""Reading the log of marks: finding one, and proving that none was changed or taken out."""

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
"""A segment's name: writer and number."""
_MOST_PROBLEMS = 100

Line = dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the log, and the segment that it stands in."""

    segment: str
    line: Line


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk through the whole log found."""

    chains: int
    segments: int
    entries: int
    torn: int
    """Last lines that a crash cut off."""
    problems: tuple[str, ...]
    """Where a chain does not hold, the first 100."""

    @property
    def is_intact(self) -> bool:
        """Whether no chain has a problem; torn last lines are none."""
        return not self.problems


def find(storage: Storage, segment: str, file_sha256: str) -> Found | None:
    """The line about the file with this digest, in the segment that its mark names or the next
    one (another thread may have filled it meanwhile). Blocks."""
    named = SEGMENT.fullmatch(segment)
    if named is None:  # what a stranger's mark says
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
    """Last segment of each chain to what it holds now: {"size_bytes", "sha256"}. Whoever keeps
    them knows later whether the end of a chain was cut off (`lost`)."""
    last: dict[str, str] = {}
    for stat in storage.list(LOG_FOLDER):
        stop()
        named = SEGMENT.fullmatch(_name(stat.key))
        if named is not None:
            last[named[1]] = stat.key
    return {_name(key): _head(storage.read(key)) for key in last.values()}


def lost(storage: Storage, kept: Mapping[str, object]) -> list[str]:
    """The segments of `kept` (of an earlier `heads`) that do not begin as they did then."""
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
    """Walk every chain. Blocks: reads the whole log."""
    walk = _Walk()
    for stat in storage.list(LOG_FOLDER):
        stop()
        named = SEGMENT.fullmatch(_name(stat.key))
        if named is None:
            walk.problem(f"{_name(stat.key)}: no segment of the log")
            continue
        walk.segment(named[1], int(named[2]), storage.read(stat.key))
    return walk.report()


class _Walk:
    """Segments in the order of their names: those of a writer follow each other."""

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
                self.problem(f"{name}: line {at + 1} is no entry")
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
