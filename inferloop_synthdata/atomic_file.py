"""A local file that appears complete or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class AtomicFile:
    """Writes to a hidden file beside `target`; `publish` renames it to `target` in one step.

    A context manager: at its end, a file that was not published is deleted. Blocks while it writes.
    Raises `OSError` if the folder does not exist or is full.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._draft_path = target.with_name(f".{uuid.uuid4().hex}.part")
        self._draft = self._opened()

    def _opened(self) -> BinaryIO:
        # Not with `tempfile`: only the owner could read the file.
        return self._draft_path.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._draft.close()
        self._draft_path.unlink(missing_ok=True)

    def headers(self) -> Mapping[str, str]:
        """Headers of the request: none, because the whole file is always asked for."""
        return {}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Called with the answer, before its bytes."""

    def write(self, chunk: bytes) -> None:
        """Append to the draft. The file itself does not change."""
        self._draft.write(chunk)

    def publish(self) -> None:
        """Replace `target` by the written file, after its bytes are on the disk."""
        self._draft.flush()
        os.fsync(self._draft.fileno())
        self._draft.close()
        self._draft_path.replace(self._target)
