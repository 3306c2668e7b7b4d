"""A file that counts and hashes the bytes written to it, for manifests and cards."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class HashedFile(io.RawIOBase):
    """A write-only, sequential file. Closing it does not close the inner file."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()
        self._abandoned = False
        self.size_bytes = 0

    def writable(self) -> bool:
        """Always true."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self.size_bytes

    def write(self, content: ReadableBuffer) -> int:
        """Write and hash the bytes. Returns their number. After `abandon` they are ignored."""
        if self._abandoned:
            return memoryview(content).nbytes
        written = self._inner.write(content)
        self._hash.update(content)
        self.size_bytes += written
        return written

    def abandon(self) -> None:
        """Ignore all further writes, because the file is being discarded. Otherwise an encoder that
        writes at its closing could raise a second error."""
        self._abandoned = True

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()
