"""Read the images of a profile, from a folder in the data root or from a user's bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from engines.errors import InvalidImage, NotFound
from engines.images import ImageLimits
from engines.storage.read_ahead import ordered_map
from engines.storage.s3.errors import ABSENT_CODES, code_of
from engines.storage.s3.faults import S3_ERRORS, stops_all
from engines.storage.s3.reading import read_range
from engines.types.image_formats import is_image_name

if TYPE_CHECKING:
    from engines.images import ReadPixels
    from engines.profiles.config import ProfilesConfig
    from engines.protocols import Storage
    from engines.storage.s3.client import S3Client
    from engines.types import Pixels, S3Folder


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose name has the suffix of an image."""

    size_bytes: int
    read: Callable[[], bytes]
    """Returns the whole file. Raises `NotFound` if it was deleted meanwhile. Blocks."""


def files_of_folder(storage: Storage, folder_key: str) -> Iterator[SourceFile]:
    """All image files below a folder of the data root, ordered by key."""
    for stat in storage.list(folder_key):
        if is_image_name(stat.key[len(folder_key) + 1 :]):
            yield SourceFile(stat.size_bytes, partial(storage.read, stat.key))


def files_of_bucket(client: S3Client, folder: S3Folder) -> Iterator[SourceFile]:
    """All image objects below a folder of a bucket, ordered by key.

    Raises (here and in `read`):
        NotFound: there is no such bucket.
        Forbidden: the credentials are missing or wrong, or may not read the bucket.
        InvalidParameters: the bucket is in another region.
        StorageFailed: S3 cannot be reached.
    """
    try:
        pages = client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=folder.bucket, Prefix=folder.key_prefix):
            for item in page.get("Contents", ()):
                if is_image_name(item["Key"][len(folder.key_prefix) :]):
                    read = partial(_object, client, folder.bucket, item["Key"])
                    yield SourceFile(item["Size"], read)
    except S3_ERRORS as error:
        raise stops_all(error, folder.bucket, parameter="source_url") from None


def decoded(
    files: Iterable[SourceFile],
    limits: ImageLimits,
    config: ProfilesConfig,
    read_pixels: ReadPixels,
) -> Iterator[Pixels | None]:
    """The pixels of each file, RGB uint8 (height, width, 3), in order; None for a file that is too
    large or cannot be decoded.

    Files that were deleted meanwhile are left out. `config.read_ahead` files are read ahead.
    """
    with ThreadPoolExecutor(config.read_workers, "profile-read") as pool:
        contents = ordered_map(
            pool, files, partial(_content, limits), lambda file: True, config.read_ahead
        )
        for content in contents:
            if content is None:
                continue
            try:
                yield read_pixels(content, limits)
            except InvalidImage:
                yield None


def _content(limits: ImageLimits, file: SourceFile) -> bytes | None:
    if file.size_bytes > limits.max_bytes:
        return b""  # not read; cannot be decoded, so it counts as unreadable
    try:
        return file.read()
    except NotFound as error:
        if error.kind == "bucket":
            raise
        return None


def _object(client: S3Client, bucket: str, key: str) -> bytes:
    try:
        return read_range(client, bucket, key, 0, None)
    except ClientError as error:
        if code_of(error) in ABSENT_CODES:
            raise NotFound("object", key) from None
        raise stops_all(error, bucket, parameter="source_url") from None
    except S3_ERRORS as error:
        raise stops_all(error, bucket, parameter="source_url") from None
