"""Translate botocore's errors. The server's messages are dropped, as they may name accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed

ABSENT_CODES = frozenset({"NoSuchKey", "404", "NotFound"})
RACE_CODES = frozenset(
    {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "OperationAborted"}
)

FULL_CODES = frozenset({"QuotaExceeded", "InsufficientStorage", "507", "XMinioStorageFull"})
"""Error codes of a full bucket or an exceeded quota (Ceph, MinIO and others)."""


def code_of(error: ClientError) -> str:
    """The server's error code, such as "NoSuchKey"; for a HEAD request the HTTP status, as
    "404"."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def s3_errors(key: str) -> Iterator[None]:
    """Translate errors about an object of the data root to `NotFound`, `Conflict`,
    `InsufficientStorage` or `StorageFailed`."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in ABSENT_CODES:
            raise NotFound("object", key) from None
        if code in RACE_CODES:
            raise Conflict(f"Object exists already or was changed: {key}") from None
        if code in FULL_CODES:
            raise InsufficientStorage(f"The bucket is full ({key})") from None
        raise StorageFailed(f"The object store answered {code} ({key})") from None
    except S3UploadFailedError as error:
        cause = error.__context__
        if isinstance(cause, ClientError) and code_of(cause) in FULL_CODES:
            raise InsufficientStorage(f"The bucket is full ({key})") from None
        raise StorageFailed(f"The object store refused the upload ({key})") from None
    except (BotoCoreError, OSError) as error:
        name = type(error).__name__
        raise StorageFailed(f"The object store cannot be reached: {name} ({key})") from None
