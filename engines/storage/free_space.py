"""A floor of free space: writing stops while there is still room for logs, deletes and people."""

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
"""A file that grows looks at the free space once for so many bytes."""

FreeBytes = Callable[[str], int]
"""Bytes that may still be written below a folder; injected, so that tests can fill the disk."""


class StorageLimits(FrozenModel):
    """How full the data root may become. A bucket has no floor: nobody knows what is free there."""

    min_free_bytes: int = Field(
        default=256 * 2**20,
        ge=0,
        description="Bytes of the data root's file system that stay free: writes that would go "
        "below are refused (507), reads and deletes go on. 0: no floor.",
    )


def free_bytes(folder: str) -> int:
    """What a process without privileges may still write, bytes."""
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
        """`InsufficientStorage` if `size_bytes` more would leave less than the floor."""
        if not self._min_free_bytes:
            return
        free = self._free_bytes(self._folder)
        if free - size_bytes < self._min_free_bytes:
            message = f"The data root keeps {self._min_free_bytes} bytes free; {free} are left"
            raise InsufficientStorage(message, "free_space", self._min_free_bytes, free)

    def watched(self, file: BinaryIO) -> BinaryIO:
        """`file`, which looks at the free space as it grows."""
        if not self._min_free_bytes:
            return file
        # One buffer only, ours: what lay in a second one would miss the sync to the disk.
        raw = file.detach() if isinstance(file, io.BufferedWriter) else file
        return io.BufferedWriter(_Watched(raw, self))


class _Watched(io.RawIOBase):
    """Passes everything on to `file`, and checks the floor on the way."""

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
