"""Reads images from a local folder or from S3, each one only when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
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
"""Suffixes of the image files that the service decodes, in lower case."""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One encoded image."""

    name: str
    """File name, without folders."""
    content: Path | bytes
    """The local file, or the file's bytes."""


_DOCUMENTS = frozenset(
    {
        *(".json", ".jsonl", ".txt", ".xml", ".csv", ".tsv", ".parquet"),
        *(".md", ".rst", ".html", ".yaml", ".yml", ".toml", ".log"),
    }
)
"""Suffixes of tables and notes. In a folder of images they are expected, and not reported."""
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"II+\0")
_BEGINNING_BYTES = 16


def begins_like_an_image(content: bytes) -> bool:
    """Whether a file that begins with these bytes may be an image. `content` must have at least 16
    bytes of the file, or all of it. The service checks more closely."""
    return content.startswith(_BEGINNINGS) or content[4:8] == b"ftyp"


def folder_images(
    folder: Path, left_out: Callable[[str], None] = lambda name: None
) -> Iterator[SourceImage]:
    """Yield every image file below `folder`, at all levels, ordered by path. A file is an image if
    it has an image's suffix, or if its first bytes are those of an image.

    Hidden files and folders are skipped, and so are tables and notes. For every other file that is
    not an image, `left_out` is called with its path relative to `folder`.

    Raises:
        UsageProblem: `folder` is not a folder.
        OSError: a file cannot be read.
    """
    if not folder.is_dir():
        raise UsageProblem(f"not a folder: {folder}")
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        suffix = path.suffix.lower()
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or suffix in _DOCUMENTS or not path.is_file():
            continue
        if suffix in IMAGE_SUFFIXES or begins_like_an_image(_beginning(path)):
            yield SourceImage(path.name, path)
        else:
            left_out(ascii(str(inside))[1:-1])


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BEGINNING_BYTES)


def s3_images(
    uri: str, endpoint_url: str | None = None, load: LoadModule = importlib.import_module
) -> Iterator[SourceImage]:
    """Yield every object under `uri` (s3://bucket/prefix) with an image's suffix, with its bytes.
    Needs boto3, which finds the credentials in its usual places. Blocks.

    Raises:
        UsageProblem: `uri` is not an S3 address, boto3 is not installed, or S3 refuses a request.
            The message has S3's error code and no credentials.
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageProblem(f"not an S3 address (s3://bucket/prefix): {uri}")
    boto3 = load_optional("boto3", "An S3 source", "needs boto3: pip install 'boto3'", load)
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
