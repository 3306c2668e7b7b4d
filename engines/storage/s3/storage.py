"""`Storage` in an S3 bucket, or below a prefix of a bucket: AWS S3, Ceph RGW and compatible
servers.

The server must support `If-None-Match: *` and `If-Match` on PUT (AWS, Ceph and moto do). On a
server that ignores them, two concurrent writers could overwrite each other unnoticed.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed
from engines.storage.folder.paths import is_full
from engines.storage.keys import check_key, check_prefix, escaped, is_key
from engines.storage.s3.client import S3Client
from engines.storage.s3.errors import s3_errors
from engines.storage.s3.reading import S3ObjectReader, read_range
from engines.storage.s3.writing import MULTIPART_BYTES, bare_etag, put_object, upload_file
from engines.types import ObjectStat

MAX_APPEND_BYTES = 4 * 2**20
"""Largest object that `append` extends: S3 cannot append, so each append writes the whole
object."""
READ_AHEAD_BYTES = 2**20


class S3Storage:
    """Implements `engines.protocols.Storage`.

    `create` collects its content in memory, and above 8 MiB in a temporary file in `spool_dir`.
    """

    def __init__(
        self, client: S3Client, bucket: str, prefix: str = "", spool_dir: Path | None = None
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._spool_dir = str(spool_dir) if spool_dir else None

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        return self._put(key, content, {"IfNoneMatch": "*"})

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        if if_match is None:
            return self._put(key, content, {})
        try:
            return self._put(key, content, {"IfMatch": if_match})
        except NotFound as error:  # AWS's answer to If-Match on an absent object
            raise Conflict(f"Object was deleted by another writer: {key}") from error

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        name = self._name(key)
        with tempfile.SpooledTemporaryFile(MULTIPART_BYTES, dir=self._spool_dir) as spool:
            try:
                yield cast(BinaryIO, spool)
            except OSError as error:
                if is_full(error):
                    raise InsufficientStorage(f"The spool folder is full ({key})") from error
                reason = type(error).__name__
                raise StorageFailed(f"The spool folder failed: {reason} ({key})") from error
            spool.seek(0)
            with s3_errors(key):
                upload_file(self._client, self._bucket, name, cast(BinaryIO, spool))

    def append(self, key: str, record: bytes) -> None:
        try:
            found = self.stat(key)
        except NotFound:
            self.put_new(key, record)
            return
        if found.size_bytes + len(record) > MAX_APPEND_BYTES:
            raise StorageFailed(f"Object would grow beyond {MAX_APPEND_BYTES} bytes: {key}")
        with s3_errors(key):
            name = self._name(key)
            before = read_range(self._client, self._bucket, name, 0, None, found.etag)
        self.replace(key, before + record, if_match=found.etag)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        name = self._name(key)
        if length == 0:
            self.stat(key)
            return b""
        with s3_errors(key):
            return read_range(self._client, self._bucket, name, start, length)

    def open(self, key: str) -> BinaryIO:
        found = self.stat(key)
        name = self._name(key)
        raw = S3ObjectReader(self._client, self._bucket, name, key, found.etag, found.size_bytes)
        return io.BufferedReader(raw, READ_AHEAD_BYTES)

    def stat(self, key: str) -> ObjectStat:
        name = self._name(key)
        with s3_errors(key):
            found = self._client.head_object(Bucket=self._bucket, Key=name)
        etag = bare_etag(found["ETag"])
        return ObjectStat(key, found["ContentLength"], found["LastModified"], etag)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        folder = f"{self._prefix}{check_prefix(prefix)}/" if prefix else self._prefix
        pages = self._client.get_paginator("list_objects_v2")
        begin = {"StartAfter": self._prefix + after} if after else {}
        with s3_errors(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=folder, **begin):
                for item in page.get("Contents", ()):
                    key = item["Key"][len(self._prefix) :]
                    if is_key(key):
                        etag = bare_etag(item["ETag"])
                        yield ObjectStat(key, item["Size"], item["LastModified"], etag)

    def list_refused(self, prefix: str) -> Iterator[str]:
        folder = f"{self._prefix}{check_prefix(prefix)}/" if prefix else self._prefix
        pages = self._client.get_paginator("list_objects_v2")
        with s3_errors(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=folder):
                for item in page.get("Contents", ()):
                    name = item["Key"]
                    # Some tools create keys that end with a slash to represent folders.
                    if not name.endswith("/") and not is_key(name[len(self._prefix) :]):
                        yield escaped(name[len(folder) :])

    def list_folders(self, prefix: str) -> Iterator[str]:
        folder = f"{self._prefix}{check_prefix(prefix)}/" if prefix else self._prefix
        pages = self._client.get_paginator("list_objects_v2")
        with s3_errors(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=folder, Delimiter="/"):
                for item in page.get("CommonPrefixes", ()):
                    name = item["Prefix"][len(folder) : -1]
                    if is_key(f"{prefix}/{name}" if prefix else name):
                        yield name

    def folder_version(self, prefix: str) -> str | None:
        check_prefix(prefix)
        return None

    def delete(self, key: str) -> None:
        name = self._name(key)
        with s3_errors(key):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def free_bytes(self) -> int | None:
        return None

    def presign(self, key: str, expires_s: int) -> str | None:
        name = self._name(key)
        # "attachment", so that a browser downloads uploaded files and does not show or run them.
        shown = f"attachment; filename*=UTF-8''{quote(key.rpartition('/')[2])}"
        wanted = {"Bucket": self._bucket, "Key": name, "ResponseContentDisposition": shown}
        with s3_errors(key):
            url: str = self._client.generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=expires_s
            )
        return url

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _put(self, key: str, content: bytes, condition: dict[str, str]) -> ObjectStat:
        name = self._name(key)
        with s3_errors(key):
            etag, modified_at = put_object(self._client, self._bucket, name, content, condition)
        return ObjectStat(key, len(content), modified_at, etag)
