"""A file that counts and hashes what is written to it, for manifests and cards."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class HashedFile(io.RawIOBase):
    """Write-only and sequential; closing it leaves the inner file open for its owner."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()
        self._abandoned = False
        self.size_bytes = 0

    def writable(self) -> bool:
        """Always: it is made to be written."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self.size_bytes

    def write(self, content: ReadableBuffer) -> int:
        """Write and hash the bytes; returns their number. After the file was given up, they go
        nowhere."""
        if self._abandoned:
            return memoryview(content).nbytes
        written = self._inner.write(content)
        self._hash.update(content)
        self.size_bytes += written
        return written

    def abandon(self) -> None:
        """Swallow what else is written: the file is being discarded, and a format that writes
        its end when it is closed shall not fail a second time."""
        self._abandoned = True

    @property
    def sha256(self) -> str:
        """Hex digest of everything so far."""
        return self._hash.hexdigest()
