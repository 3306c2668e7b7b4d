"""Where the images of a new profile come from: a local folder, or S3. All of them lazily."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from inferloop_synthdata.cli.usage import LoadModule, UsageProblem, load_optional

IMAGE_SUFFIXES = frozenset(
    {
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        *(".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
        *(".avif", ".heic", ".heif", ".hif"),
    }
)
"""What the service decodes."""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One encoded image: a local file, or its bytes."""

    name: str
    content: Path | bytes


def folder_images(folder: Path) -> Iterator[SourceImage]:
    """Every image file below `folder`, ordered by path; hidden files and folders are left out."""
    if not folder.is_dir():
        raise UsageProblem(f"not a folder: {folder}")
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in IMAGE_SUFFIXES and not hidden and path.is_file():
            yield SourceImage(path.name, path)


def s3_images(
    uri: str, endpoint_url: str | None = None, load: LoadModule = importlib.import_module
) -> Iterator[SourceImage]:
    """Every image object under `s3://bucket/prefix`, with the standard AWS credential chain.

    Needs boto3. `UsageProblem` for whatever S3 refuses: the message is S3's code, without keys.
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageProblem(f"not an S3 address (s3://bucket/prefix): {uri}")
    boto3 = load_optional("boto3", "An S3 source", "boto3", load)
    failures = load("botocore.exceptions")
    try:
        client = boto3.client("s3", endpoint_url=endpoint_url)
        yield from _objects(client, parts.netloc, parts.path.lstrip("/"))
    except failures.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise UsageProblem(f"S3 refuses {parts.netloc}: {code}") from None
    except failures.BotoCoreError as error:
        raise UsageProblem(f"S3 cannot be used: {type(error).__name__}") from None


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[SourceImage]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            name = PurePosixPath(entry["Key"])
            if name.suffix.lower() in IMAGE_SUFFIXES:
                content = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                yield SourceImage(name.name, content)
