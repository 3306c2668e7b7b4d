"""The bucket of a user: uploads whose checksum is verified, listings, checks of single objects."""

from __future__ import annotations

import base64
import hashlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from engines.errors import StorageFailed
from engines.storage.s3.errors import ABSENT_CODES, code_of
from engines.storage.s3.writing import bare_etag
from engines.types.image_formats import IMAGE_MEDIA_TYPES

if TYPE_CHECKING:
    from engines.datasets.export_config import S3ExportConfig
    from engines.datasets.s3.fast_lane import FastLane
    from engines.storage.s3.client import S3Client
    from engines.types import S3ExportRequest

_TYPES = {
    **IMAGE_MEDIA_TYPES,
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """What a listing says."""

    name: str
    etag: str
    size_bytes: int


class RemoteBucket:
    """`prefix` of one bucket, with the options of one export. botocore's errors come through.

    `fast` carries small objects, where it can: see `put`.
    """

    def __init__(
        self,
        client: S3Client,
        request: S3ExportRequest,
        config: S3ExportConfig,
        fast: FastLane | None = None,
    ) -> None:
        self._client = client
        self._bucket = request.bucket_name
        self._prefix = f"{request.s3_prefix}/" if request.s3_prefix else ""
        self._config = config
        options = {
            "ACL": "public-read" if request.public_read else None,
            "ServerSideEncryption": request.server_side_encryption,
            "StorageClass": request.storage_class,
        }
        self._options = {name: value for name, value in options.items() if value is not None}
        self.upload_profile = ";".join(f"{n}={v}" for n, v in sorted(self._options.items()))
        """An object uploaded with other options is not the same object."""
        self._fast = fast if not self._options else None
        self._etags_are_md5 = False

    def url(self, name: str) -> str:
        """`s3://` URL of an object."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def list(self) -> Iterator[RemoteObject]:
        """Every object below the prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for item in page.get("Contents", ()):
                name = item["Key"][len(self._prefix) :]
                yield RemoteObject(name, bare_etag(item["ETag"]), item["Size"])

    def lines(self, name: str) -> Iterator[bytes]:
        """The object's lines, none if it is absent."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except ClientError as error:
            if code_of(error) in ABSENT_CODES:
                return iter(())
            raise
        lines: Iterator[bytes] = answer["Body"].iter_lines()
        return lines

    def holds(self, name: str, sha256: str) -> str | None:
        """Etag of the object if it was uploaded by us with this checksum and these options."""
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
        """Upload in one piece; returns the etag.

        The first goes by boto3, which says in plain codes what is wrong with bucket, keys or
        region, and whether etags are MD5 here; then the fast lane has the first try at each.

        Raises:
            StorageFailed: the server's checksum is wrong after every attempt.
        """
        digest = hashlib.md5(content, usedforsecurity=False)
        if self._fast is not None and self._etags_are_md5:
            key, metadata = self._prefix + name, self._metadata(sha256)
            etag = self._fast.put(key, content, _type_of(name), metadata)
            if etag == digest.hexdigest():
                return etag
        return self._put_by_boto3(name, content, digest, sha256)

    def _put_by_boto3(self, name: str, content: bytes, digest: hashlib._Hash, sha256: str) -> str:
        md5 = base64.b64encode(digest.digest()).decode()
        for _ in range(self._config.checksum_attempts):
            try:
                answer = self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + name,
                    Body=content,
                    ContentMD5=md5,
                    **self._extra(name, sha256),
                )
            except ClientError as error:
                if code_of(error) in ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"):
                    continue  # damaged on the way
                raise
            etag = bare_etag(answer["ETag"])
            if etag == digest.hexdigest():
                self._etags_are_md5 = True
                return etag
            if not _is_md5(answer):
                return etag
        raise StorageFailed("checksum is wrong after every attempt")

    def put_file(self, name: str, file: BinaryIO, size_bytes: int, sha256: str) -> str:
        """Upload in parts from the start of `file`; they appear together or not at all."""
        transfer = TransferConfig(
            multipart_threshold=self._config.multipart_bytes,
            multipart_chunksize=self._config.multipart_bytes,
            max_concurrency=2,
        )
        key, extra = self._prefix + name, self._extra(name, sha256)
        self._client.upload_fileobj(file, self._bucket, key, ExtraArgs=extra, Config=transfer)
        found = self._client.head_object(Bucket=self._bucket, Key=key)
        if found["ContentLength"] != size_bytes:
            raise StorageFailed("size is wrong after the upload")
        return bare_etag(found["ETag"])

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


def _is_md5(answer: dict[str, object]) -> bool:
    """Whether the etag of a put is the MD5 of the content: so AWS says, unless KMS encrypts."""
    return str(answer.get("ServerSideEncryption", "AES256")) == "AES256"
