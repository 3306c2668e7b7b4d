"""Conditional writes to S3, which do not take a retry of their own request for a conflict."""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from engines.storage.s3.errors import RACE_CODES, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.storage.s3.client import S3Client

MULTIPART_BYTES = 8 * 2**20
_PUT_ID = "inferloop-put"


def content_md5(content: bytes) -> str:
    """Value of the Content-MD5 header, which, unlike newer checksums, every S3 server checks."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def put_object(
    client: S3Client, bucket: str, name: str, content: bytes, condition: Mapping[str, str]
) -> tuple[str, datetime]:
    """Put an object under `condition`: {"IfNoneMatch": "*"}, {"IfMatch": etag} or {}.

    Returns the etag and the server's time. If the response is lost and botocore retries, the
    condition fails because of the object that the first attempt wrote. It is recognized by the put
    id in its metadata, and the put counts as successful. Raises botocore's errors untranslated.
    """
    put_id = uuid.uuid4().hex
    try:
        answer = client.put_object(
            Bucket=bucket,
            Key=name,
            Body=content,
            ContentMD5=content_md5(content),
            Metadata={_PUT_ID: put_id},
            **condition,
        )
    except ClientError as error:
        if code_of(error) not in RACE_CODES or not _retried(error):
            raise
        found = client.head_object(Bucket=bucket, Key=name)
        if found["Metadata"].get(_PUT_ID) != put_id:
            raise
        return bare_etag(found["ETag"]), found["LastModified"]
    return bare_etag(answer["ETag"]), _server_time(answer)


def upload_file(client: S3Client, bucket: str, name: str, file: BinaryIO) -> None:
    """Upload `file` from its position on, in parts if it has more than 8 MiB. Readers never see an
    incomplete object."""
    client.upload_fileobj(
        file,
        bucket,
        name,
        Config=TransferConfig(
            multipart_threshold=MULTIPART_BYTES,
            multipart_chunksize=MULTIPART_BYTES,
            max_concurrency=4,
        ),
    )


def bare_etag(etag: str) -> str:
    """The etag without the quotes of the HTTP header."""
    return etag.strip('"')


def _retried(error: ClientError) -> bool:
    metadata = error.response.get("ResponseMetadata", {})
    return int(metadata.get("RetryAttempts", 0)) > 0


def _server_time(answer: Mapping[str, Mapping[str, Mapping[str, str]]]) -> datetime:
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)
