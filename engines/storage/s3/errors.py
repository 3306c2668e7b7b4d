"""botocore's errors to ours. Messages of the server are never passed on: they may name accounts."""

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
"""What servers say when the bucket or its owner's quota is full (Ceph, MinIO and their like)."""


def code_of(error: ClientError) -> str:
    """The server's own word, for example "NoSuchKey"; "404" where a HEAD gave only a status."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def s3_errors(key: str) -> Iterator[None]:
    """Translate for an object of the data root: absent, changed by another, or out of reach."""
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
        raise StorageFailed(f"The upload was not taken by the object store ({key})") from None
    except (BotoCoreError, OSError) as error:
        name = type(error).__name__
        raise StorageFailed(f"The object store is out of reach: {name} ({key})") from None
