"""A user's bucket: uploads with verified checksums, listings, and checks of single objects."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from engines.datasets.s3.outage import NO_ANSWER, Outage
from engines.datasets.s3.sending import WholeObject, encrypted_by_kms, options_of
from engines.errors import StorageFailed
from engines.storage.s3.errors import ABSENT_CODES, code_of
from engines.storage.s3.writing import bare_etag
from engines.types.image_formats import IMAGE_MEDIA_TYPES

if TYPE_CHECKING:
    from engines.datasets.export_config import S3ExportConfig
    from engines.datasets.s3.sending import Sender
    from engines.storage.s3.client import S3Client
    from engines.types import S3ExportRequest

T = TypeVar("T")

_TYPES = {
    **IMAGE_MEDIA_TYPES,
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
}
_DAMAGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch")
"""S3's error codes for content that does not have the checksum that was sent with it."""


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object in a listing; `name` is relative to the prefix."""

    name: str
    etag: str
    size_bytes: int


class RemoteBucket:
    """A prefix in a bucket, with the options of one export. Raises botocore's errors untranslated.

    `sender` uploads objects in one request; `client` uploads large files in parts.
    """

    def __init__(
        self,
        client: S3Client,
        request: S3ExportRequest,
        config: S3ExportConfig,
        sender: Sender,
        outage: Outage | None = None,
    ) -> None:
        self._client = client
        self._bucket = request.bucket_name
        self._prefix = f"{request.s3_prefix}/" if request.s3_prefix else ""
        self._config = config
        self._options = options_of(request)
        self.upload_profile = ";".join(f"{n}={v}" for n, v in sorted(self._options.items()))
        """Identifies the options; an object uploaded with other options is uploaded again."""
        self._sender = sender
        self._outage = outage or Outage(config.patience_s)
        self._encrypted = False
        """Whether objects are encrypted by KMS, so that their etags are not MD5 digests."""

    def url(self, name: str) -> str:
        """`s3://` URL of an object."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def patiently(self, ask: Callable[[], T]) -> T:
        """The result of `ask`, which is repeated while the server does not answer, for at most
        `patience_s`. Then raises botocore's error."""
        for tries in count():
            try:
                answer = ask()
            except NO_ANSWER:
                if not self._outage.wait(tries):
                    raise
            else:
                self._outage.over()
                return answer
        raise AssertionError("unreachable")

    def list(self) -> Iterator[RemoteObject]:
        """All objects below the prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for item in page.get("Contents", ()):
                name = item["Key"][len(self._prefix) :]
                yield RemoteObject(name, bare_etag(item["ETag"]), item["Size"])

    def lines(self, name: str) -> Iterator[bytes]:
        """The object's lines; none if it does not exist."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except ClientError as error:
            if code_of(error) in ABSENT_CODES:
                return iter(())
            raise
        lines: Iterator[bytes] = answer["Body"].iter_lines()
        return lines

    def holds(self, name: str, sha256: str) -> str | None:
        """The object's etag, if an export uploaded it with this checksum and these options; else
        None."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
        except ClientError as error:
            if code_of(error) in ABSENT_CODES:
                return None
            raise
        said = found["Metadata"]
        same = said.get("sha256") == sha256 and said.get("upload", "") == self.upload_profile
        return bare_etag(found["ETag"]) if same else None

    def put(self, name: str, content: bytes, sha256: str) -> str:
        """Upload an object in one request; returns its etag.

        Waits for a server that does not answer. If a request fails, checks whether the object was
        stored nevertheless.

        Raises:
            StorageFailed: the server's checksum is wrong after every attempt.
        """
        key, metadata = self._prefix + name, self._metadata(sha256)
        whole = WholeObject(key, content, _type_of(name), metadata)
        for _ in range(self._config.checksum_attempts):
            etag = self._send(whole)
            if etag is not None:
                return etag
        raise StorageFailed("checksum is wrong after every attempt")

    def _send(self, whole: WholeObject) -> str | None:
        """The etag of the uploaded object; None if it was damaged on the way."""
        for tries in count():
            try:
                sent = self._sender.send(whole)
            except NO_ANSWER:
                if not self._outage.wait(tries):
                    raise
                if (etag := self._look(whole)) is not None:
                    return etag
            except ClientError as error:
                self._outage.over()
                if code_of(error) in _DAMAGED:
                    return None
                raise
            else:
                self._outage.over()
                right = sent.etag == whole.md5 or sent.is_md5 is False or self._encrypted
                return sent.etag if right else self._look(whole)
        raise AssertionError("unreachable")

    def _look(self, whole: WholeObject) -> str | None:
        """The object's etag, if it was stored although the request failed; else None."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=whole.key)
        except (ClientError, *NO_ANSWER):
            return None
        etag = bare_etag(found["ETag"])
        if found["Metadata"].get("sha256") != whole.metadata["sha256"]:
            return None
        if encrypted_by_kms(found):
            self._encrypted = True
            return etag if found["ContentLength"] == len(whole.content) else None
        return etag if etag == whole.md5 else None

    def put_file(self, name: str, file: BinaryIO, size_bytes: int, sha256: str) -> str:
        """Upload `file` from its start in parts; the object appears only when it is complete.
        Returns its etag. Raises `StorageFailed` if the stored object has another size."""
        self._send_parts(self._prefix + name, file, self._extra(name, sha256))
        found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
        if found["ContentLength"] != size_bytes:
            raise StorageFailed("size is wrong after the upload")
        return bare_etag(found["ETag"])

    def _send_parts(self, key: str, file: BinaryIO, extra: dict[str, object]) -> None:
        part_bytes = self._config.multipart_bytes
        transfer = TransferConfig(
            multipart_threshold=part_bytes, multipart_chunksize=part_bytes, max_concurrency=2
        )
        for tries in count():
            file.seek(0)
            try:
                self._client.upload_fileobj(
                    file, self._bucket, key, ExtraArgs=extra, Config=transfer
                )
            except NO_ANSWER:
                if not self._outage.wait(tries):
                    raise
            else:
                self._outage.over()
                return

    def _extra(self, name: str, sha256: str) -> dict[str, object]:
        return {
            **self._options,
            "ContentType": _type_of(name),
            "Metadata": self._metadata(sha256),
        }

    def _metadata(self, sha256: str) -> dict[str, str]:
        return {"sha256": sha256, "upload": self.upload_profile}


def _type_of(name: str) -> str:
    return _TYPES.get(posixpath.splitext(name)[1].lower(), "application/octet-stream")
