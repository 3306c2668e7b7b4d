"""Publishing a file of the output whole, and knowing its hash and size without reading it back."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from batch.output.records import PublishedFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from engines.protocols import Storage


class HashingFile(io.RawIOBase):
    """Passes on what is written, front to back, and hashes it on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size_bytes

    def write(self, content: ReadableBuffer, /) -> int:
        view = memoryview(content).cast("B")
        self._file.write(view)
        self._hash.update(view)
        self.size_bytes += len(view)
        return len(view)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def publish_file(
    storage: Storage, key: str, images: int, write: Callable[[HashingFile], None]
) -> PublishedFile:
    """Publish what `write` writes, atomically, replacing what was there."""
    with storage.create(key) as file:
        hashing = HashingFile(file)
        write(hashing)
    return PublishedFile(
        key=key, sha256=hashing.sha256, size_bytes=hashing.size_bytes, images=images
    )


def publish_bytes(storage: Storage, key: str, images: int, content: bytes) -> PublishedFile:
    """Publish a small object."""
    storage.replace(key, content)
    digest = hashlib.sha256(content).hexdigest()
    return PublishedFile(key=key, sha256=digest, size_bytes=len(content), images=images)
