"""Open the `Storage` that a setting names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from engines.errors import InvalidParameters
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage, Guard, unguarded
from engines.storage.free_space import StorageLimits
from engines.types import check_folder


def open_storage(
    root: str,
    s3_endpoint_url: str | None = None,
    limits: StorageLimits | None = None,
    guard: Guard = unguarded,
) -> Storage:
    """The storage at `root`, an absolute folder or `s3://bucket/prefix`.

    `s3_endpoint_url`: None for AWS. `limits`: None for the defaults. `guard`: for a folder; raises
    while the data root is missing.

    Raises:
        InvalidParameters: a relative folder, another URL scheme, no bucket, or `..` in the prefix.
        StorageFailed: the folder cannot be made.
    """
    if "://" not in root:
        if not Path(root).is_absolute():
            raise _invalid(root, "an absolute folder")
        floor = (limits or StorageLimits()).min_free_bytes
        return FolderStorage(Path(root), min_free_bytes=floor, guard=guard)
    parts = urlsplit(root)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or parts.username:
        raise _invalid(root, "s3://bucket/prefix")
    from engines.storage.s3.client import S3ClientConfig, make_s3_client  # boto3
    from engines.storage.s3.storage import S3Storage

    client = make_s3_client(S3ClientConfig(endpoint_url=s3_endpoint_url))
    return S3Storage(client, parts.netloc, check_folder(parts.path, "data_root"))


def _invalid(root: str, constraint: str) -> InvalidParameters:
    reason = "must be an absolute folder or s3://bucket/prefix"
    return InvalidParameters.of("data_root", root.rpartition("@")[2], constraint, reason)
