"""`manifest.json`: the exported files, one per line, so that it can be written and read line by
line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from engines.errors import JsonValue

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "inferloop.s3_export/1"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One object in the bucket. `source_etag`: version of the file in the data root. `upload`:
    identifies the upload options."""

    key: str
    size_bytes: int
    sha256: str
    etag: str
    source_etag: str
    upload: str = ""


class ManifestWriter:
    """Writes the files first, and the counts at the end, when they are known."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._separator = b""
        file.write(b'{"schema": "%s",\n"files": [' % MANIFEST_SCHEMA.encode())

    def add(self, entry: ManifestEntry) -> None:
        """Add a file that is in the bucket."""
        self._file.write(self._separator + b"\n" + orjson.dumps(entry))
        self._separator = b","

    def finish(self, summary: dict[str, JsonValue]) -> None:
        """End the list and add `summary`'s fields to the document."""
        self._file.write(b"\n],\n" + orjson.dumps(summary)[1:] + b"\n")


def read_entries(lines: Iterable[bytes]) -> Iterator[ManifestEntry]:
    """The entries of a manifest. Lines that are not entries (of another tool or a later version)
    are ignored, so the files in them count as not uploaded."""
    for line in lines:
        try:
            entry = ManifestEntry(**orjson.loads(line.strip().rstrip(b",")))
        except (orjson.JSONDecodeError, TypeError):
            continue
        if _is_sound(entry):
            yield entry


def _is_sound(entry: ManifestEntry) -> bool:
    texts = (entry.key, entry.sha256, entry.etag, entry.source_etag, entry.upload)
    return all(isinstance(text, str) for text in texts) and (
        type(entry.size_bytes) is int and 0 <= entry.size_bytes < 2**63
    )
