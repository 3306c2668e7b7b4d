"""The log of marks: one line for every mark. A changed or removed line can be detected.

    .marks/log/<writer>-<n>.jsonl

Each process writes its own chain of lines, in files called segments, which are small because on S3
an append writes the whole segment. Each line contains the SHA-256 of the line before it, also
across segments. A crash may leave an incomplete last line; the next process begins a new chain.
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
"""The value in place of a SHA-256 in the first line of a chain."""

Event = Literal["created", "edited", "sheet"]


@dataclass(frozen=True, slots=True)
class MarkEntry:
    """The log's entry about a mark. Contains no prompt and no personal data."""

    event: Event
    key: str
    """Storage key of the image or the data sheet."""
    file_sha256: str
    """SHA-256, hex, of the file including its mark."""
    signer: str
    """SHA-256, hex, of the signing certificate."""
    pixel_sha256: str | None = None
    recipe_sha256: str | None = None
    parent_sha256: str | None = None


class MarkLog:
    """Appends entries to this process's own chain. Blocks; threads may share it."""

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
        """Name of the segment that was written last. The next line goes to it or to the segment
        after it."""
        return f"{self._writer}-{self._number:06d}"

    def append(self, entry: MarkEntry) -> None:
        """Append a line.

        Raises:
            StorageFailed, InsufficientStorage: the line may be missing, complete or incomplete, so
                the next line begins a new chain.
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
