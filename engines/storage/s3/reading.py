"""Read one version of an S3 object as a seekable file, by range requests with retries."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

from engines.storage.s3.errors import code_of, s3_errors

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from engines.storage.s3.client import S3Client

READ_ATTEMPTS = 4
_BROKEN_STREAM = (HTTPClientError, HTTPError, IncompleteReadError, ConnectionError)
"""Errors of an interrupted response body; botocore retries calls, but not the reading of bodies."""


def read_range(
    client: S3Client,
    bucket: str,
    name: str,
    start: int,
    length: int | None,
    if_match: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> bytes:
    """At most `length` bytes (None: all) from byte `start`; empty if `start` is after the end.

    Retries interrupted bodies. Raises botocore's errors untranslated.
    """
    end = "" if length is None else str(start + length - 1)
    extra = {"IfMatch": if_match} if if_match else {}
    for attempt in range(READ_ATTEMPTS):
        try:
            answer = client.get_object(
                Bucket=bucket, Key=name, Range=f"bytes={start}-{end}", **extra
            )
            return bytes(answer["Body"].read())
        except ClientError as error:
            if code_of(error) in ("InvalidRange", "416"):
                return b""
            raise
        except _BROKEN_STREAM:
            if attempt == READ_ATTEMPTS - 1:
                raise
            sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")


class S3ObjectReader(io.RawIOBase):
    """A seekable file over the version `etag` of an object.

    If the object is replaced meanwhile, reading raises `Conflict`.
    """

    def __init__(
        self, client: S3Client, bucket: str, name: str, key: str, etag: str, size_bytes: int
    ) -> None:
        self._client, self._bucket, self._name = client, bucket, name
        self._key, self._etag, self._size = key, etag, size_bytes
        self._position = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Offset of the next byte to read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set and return the offset, without a request. Raises `ValueError` if it is negative."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into the buffer by one request; returns the number of bytes, 0 at the end.
        Blocks."""
        view = memoryview(buffer).cast("B")
        content = self._fetch(len(view))
        view[: len(content)] = content
        return len(content)

    def readall(self) -> bytes:
        """All bytes from the offset on, by one request. Blocks."""
        return self._fetch(self._size - self._position)

    def _fetch(self, length: int) -> bytes:
        length = min(length, self._size - self._position)
        if length <= 0:
            return b""
        with s3_errors(self._key):
            content = read_range(
                self._client, self._bucket, self._name, self._position, length, self._etag
            )
        self._position += len(content)
        return content
