"""Small objects into a user's bucket, each in one request, by the client that the export needs.

Which client is said before the first byte (`sender_for`) and holds for the whole export.
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
    """What is sent in one request."""

    key: str
    content: bytes
    content_type: str
    metadata: Mapping[str, str]
    md5: str = field(init=False)
    """Hexadecimal: what the etag is, where the bucket does not encrypt with KMS."""

    def __post_init__(self) -> None:
        digest = hashlib.md5(self.content, usedforsecurity=False)
        object.__setattr__(self, "md5", digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server answered."""

    etag: str
    is_md5: bool | None
    """Whether the etag has to be the MD5 of the content; None: the client cannot tell."""


class Sender(Protocol):
    """Sends objects to one bucket; safe to share between threads."""

    def send(self, whole: WholeObject) -> Sent:
        """Send, and retry passing faults as the client's config says. Raises boto3's errors,
        whatever client it is."""


SenderFactory = Callable[["S3Client", "S3ExportRequest"], Sender]
"""Makes the sender of one export; the client is the export's own."""


def options_of(request: S3ExportRequest) -> dict[str, str]:
    """What the user wants of every object, in the words of boto3."""
    options = {
        "ACL": "public-read" if request.public_read else None,
        "ServerSideEncryption": request.server_side_encryption,
        "StorageClass": request.storage_class,
    }
    return {name: value for name, value in options.items() if value is not None}


class Boto3Sender:
    """Takes every option. The content's MD5 goes along: a server refuses what was damaged."""

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
    """Whether the etag is no MD5: so AWS says where KMS encrypts, of a PUT and of a HEAD."""
    return str(answer.get("ServerSideEncryption", "AES256")) != "AES256"
