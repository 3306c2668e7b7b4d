"""The log of marks: one line for every mark that was made, chained so that none can be changed or
taken out unseen.

    .marks/log/<writer>-<n>.jsonl

Each process writes a chain of its own, in segments: on S3 an append writes the segment again. A
line holds the SHA-256 of the line before it, the first of a segment that of the last line of the
segment before. A crash may leave a last line torn; the process that comes next begins a new chain.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import orjson

from engines.errors import InferloopError

if TYPE_CHECKING:
    from engines.protocols import Storage

LOG_FOLDER = ".marks/log"
SEGMENT_BYTES = 64 * 1024
BEGINNING = "0" * 64
"""What the first line of a chain has before it."""

Event = Literal["created", "edited", "sheet"]


@dataclass(frozen=True, slots=True)
class MarkEntry:
    """What the log keeps of a mark. No prompt, nothing personal."""

    event: Event
    key: str
    """Of the image, or of the sheet."""
    file_sha256: str
    """SHA-256, hex, of the file with its mark."""
    signer: str
    """SHA-256, hex, of the signing certificate."""
    pixel_sha256: str | None = None
    recipe_sha256: str | None = None
    parent_sha256: str | None = None


class MarkLog:
    """Appends to chains that nobody else writes. Blocks; shared between threads."""

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._writer = ""
        self._number = self._count = self._size_bytes = 0
        self._before = BEGINNING
        self._begin()

    @property
    def segment(self) -> str:
        """Name of the segment that the next line goes to, or the one before it."""
        return f"{self._writer}-{self._number:06d}"

    def append(self, entry: MarkEntry) -> None:
        """Add a line.

        Raises:
            StorageFailed, InsufficientStorage: nobody knows whether the line is there whole: the
                next one begins a new chain.
        """
        with self._lock:
            if self._size_bytes >= self._segment_bytes:
                self._number, self._size_bytes = self._number + 1, 0
            line = orjson.dumps(
                {
                    "n": self._count,
                    "before": self._before,
                    "time": self._clock().isoformat(),
                    **{name: value for name, value in asdict(entry).items() if value is not None},
                }
            )
            try:
                self._storage.append(f"{LOG_FOLDER}/{self.segment}.jsonl", line + b"\n")
            except InferloopError:
                self._begin()
                raise
            self._count += 1
            self._size_bytes += len(line) + 1
            self._before = hashlib.sha256(line).hexdigest()

    def _begin(self) -> None:
        self._writer = f"{self._clock():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"
        self._number = self._count = self._size_bytes = 0
        self._before = BEGINNING
