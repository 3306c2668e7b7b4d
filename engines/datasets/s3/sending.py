"""Upload small objects to a user's bucket, each in one request.

An export uses the same client, chosen by `sender_for`, for all its objects.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from engines.storage.s3.writing import bare_etag

if TYPE_CHECKING:
    from engines.storage.s3.client import S3Client
    from engines.types import S3ExportRequest


@dataclass(frozen=True, slots=True)
class WholeObject:
    """An object that is sent in one request."""

    key: str
    content: bytes
    content_type: str
    metadata: Mapping[str, str]
    md5: str = field(init=False)
    """MD5 of the content, hexadecimal. Equal to the etag, unless the bucket encrypts with KMS."""

    def __post_init__(self) -> None:
        digest = hashlib.md5(self.content, usedforsecurity=False)
        object.__setattr__(self, "md5", digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Sent:
    """The server's answer to an upload."""

    etag: str
    is_md5: bool | None
    """Whether the etag must be the MD5 of the content; None: unknown."""


class Sender(Protocol):
    """Sends objects to one bucket. Threads may share it."""

    def send(self, whole: WholeObject) -> Sent:
        """Send an object, with retries as the client's config says. Raises boto3's errors, also if
        another client is used."""


SenderFactory = Callable[["S3Client", "S3ExportRequest"], Sender]
"""Makes the sender of one export, from the export's boto3 client and its request."""


def options_of(request: S3ExportRequest) -> dict[str, str]:
    """boto3's options for every object of the export (ACL, encryption, storage class)."""
    options = {
        "ACL": "public-read" if request.public_read else None,
        "ServerSideEncryption": request.server_side_encryption,
        "StorageClass": request.storage_class,
    }
    return {name: value for name, value in options.items() if value is not None}


class Boto3Sender:
    """Implements `Sender` with boto3, and supports all options. Sends the content's MD5, so that
    the server refuses damaged content."""

    def __init__(self, client: S3Client, request: S3ExportRequest) -> None:
        self._client = client
        self._bucket = request.bucket_name
        self._options = options_of(request)

    def send(self, whole: WholeObject) -> Sent:
        answer = self._client.put_object(
            Bucket=self._bucket,
            Key=whole.key,
            Body=whole.content,
            ContentMD5=base64.b64encode(bytes.fromhex(whole.md5)).decode(),
            ContentType=whole.content_type,
            Metadata=dict(whole.metadata),
            **self._options,
        )
        return Sent(bare_etag(answer["ETag"]), not encrypted_by_kms(answer))


def encrypted_by_kms(answer: Mapping[str, object]) -> bool:
    """Whether the response to a PUT or HEAD says that KMS encrypts the object; then the etag is not
    an MD5 digest."""
    return str(answer.get("ServerSideEncryption", "AES256")) != "AES256"
