"""Refuse writes that would use up a reserve of free space on the file system."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import BinaryIO

from pydantic import Field
from typing_extensions import Buffer

from engines.errors import InsufficientStorage
from engines.types.frozen import FrozenModel

CHECK_EVERY_BYTES = 8 * 2**20
"""A growing file checks the free space each time this many bytes were written."""

FreeBytes = Callable[[str], int]
"""Returns the free bytes of a folder's file system; a parameter, so that tests can simulate a full
disk."""


class StorageLimits(FrozenModel):
    """How full the data root may become. Not for a bucket, whose free space is unknown."""

    min_free_bytes: int = Field(
        default=256 * 2**20,
        ge=0,
        description="Bytes of the data root's file system that must stay free. Writes that would "
        "leave less are refused (507); reads and deletes work. 0: no limit.",
    )


def free_bytes(folder: str) -> int:
    """Bytes that a process without privileges can still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class FreeSpaceFloor:
    """Refuses writes that would leave less than `min_free_bytes`. Shared between threads."""

    def __init__(
        self, folder: str, min_free_bytes: int, free_bytes: FreeBytes = free_bytes
    ) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._free_bytes = free_bytes

    def check(self, size_bytes: int) -> None:
        """Raise `InsufficientStorage` if `size_bytes` more would leave less than
        `min_free_bytes`."""
        if not self._min_free_bytes:
            return
        free = self._free_bytes(self._folder)
        if free - size_bytes < self._min_free_bytes:
            message = f"The data root must keep {self._min_free_bytes} bytes free; {free} are left"
            raise InsufficientStorage(message, "free_space", self._min_free_bytes, free)

    def watched(self, file: BinaryIO) -> BinaryIO:
        """A wrapper of `file` that checks the free space as the file grows."""
        if not self._min_free_bytes:
            return file
        # Only one buffer: bytes in a second one would not be flushed before the sync to the disk.
        raw = file.detach() if isinstance(file, io.BufferedWriter) else file
        return io.BufferedWriter(_Watched(raw, self))


class _Watched(io.RawIOBase):
    """Forwards to `file`, and checks the free space on writing."""

    def __init__(self, file: io.RawIOBase | BinaryIO, floor: FreeSpaceFloor) -> None:
        self._file = file
        self._floor = floor
        self._unchecked_bytes = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, content: Buffer, /) -> int | None:
        size = memoryview(content).nbytes
        self._unchecked_bytes += size
        if self._unchecked_bytes >= CHECK_EVERY_BYTES:
            self._floor.check(size)
            self._unchecked_bytes = 0
        return self._file.write(content)

    def close(self) -> None:
        super().close()
        self._file.close()
