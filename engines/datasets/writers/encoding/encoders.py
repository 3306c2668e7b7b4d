"""From records to the bytes of one file: JSONL, Parquet, tar (WebDataset)."""

from __future__ import annotations

import hashlib
import tarfile
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from engines.datasets.records.features import (
    arrow_schema,
    as_text,
    with_class_numbers,
    with_json_as_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.record import Record
    from engines.datasets.records.schema import Column
    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.hashed_file import HashedFile

_LINES_BYTES = 64 * 1024
"""JSONL written at a time."""


class Encoder(Protocol):
    """Takes records one by one, then is finished; the file belongs to the caller."""

    def add(self, record: Record, content: bytes | None) -> None:
        """Write, or keep for the next group. `content`: the image file, where the format asks.
        The record may be changed."""

    def finish(self) -> None:
        """Write what was kept for the last group, and what the format puts at the end of a file."""

    def abandon(self) -> None:
        """Free memory and temporary files. The file itself was abandoned before."""


if TYPE_CHECKING:
    MakeEncoder = Callable[[HashedFile], Encoder]
    """An encoder into a fresh file."""


class JsonlEncoder:
    """One JSON object a line, UTF-8."""

    def __init__(self, file: HashedFile) -> None:
        self._file = file
        self._lines = bytearray()

    def add(self, record: Record, content: bytes | None) -> None:
        self._lines += orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        if len(self._lines) >= _LINES_BYTES:
            self.finish()

    def finish(self) -> None:
        """A JSONL file has no end of its own."""
        self._file.write(self._lines)
        self._lines.clear()

    def abandon(self) -> None:
        """Nothing is held."""


_REPEATED = frozenset({"dataset", "split", "format", "prompt"})
"""Dictionaries help where values repeat; for image bytes they would only cost memory."""
_SOUGHT = ["id", "split", "width", "height", "created_at", "quality.score", "privacy.score"]
"""What readers filter by. Minima and maxima of every column would be a fifth of the memory that
each row group takes until the file is closed."""


class ParquetEncoder:
    """Images inside, as struct {bytes, path}; a row group at a time in memory."""

    def __init__(self, file: HashedFile, columns: tuple[Column, ...], config: ExportConfig) -> None:
        self._columns = columns
        self._schema = arrow_schema(columns)
        self._max_rows, self._max_bytes = config.row_group_rows, config.row_group_bytes
        repeated = [column.name for column in columns if column.name in _REPEATED]
        self._writer = pq.ParquetWriter(
            file, self._schema, use_dictionary=repeated or False, write_statistics=_SOUGHT
        )
        self._rows: list[Record] = []
        self._images: list[dict[str, bytes | str | None]] = []
        self._bytes = 0

    def add(self, record: Record, content: bytes | None) -> None:
        with_json_as_text(self._columns, record)
        with_class_numbers(self._columns, record)
        self._rows.append(record)
        self._images.append({"bytes": content, "path": str(record["file_name"]).rpartition("/")[2]})
        self._bytes += len(content or b"")
        if len(self._rows) >= self._max_rows or self._bytes >= self._max_bytes:
            self._flush()

    def finish(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        self._writer.close()

    def _flush(self) -> None:
        arrays = [pa.array(self._images, self._schema.field("image").type)]
        for column in self._columns:
            values = [row[column.name] for row in self._rows]
            arrays.append(pa.array(values, self._schema.field(column.name).type))
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows, self._images, self._bytes = [], [], 0


IMAGE_MEMBER = "png"
"""Suffix of every image in a tar, whatever its format: readers take the suffix for the column, and
tell the format by the content. The record's `format` says which it is."""


class TarEncoder:
    """WebDataset: a sample is `<key>.png`, `<key>.json` (the record as text) and, where records
    have a prompt, `<key>.txt`; where the dataset has labels, `<key>.cls` is the class's number."""

    def __init__(
        self, file: HashedFile, columns: tuple[Column, ...], table: ClassTable | None = None
    ) -> None:
        self._file, self._columns = file, columns
        self._table = table if table is not None and table.name is not None else None
        self._captioned = any(column.name == "prompt" for column in columns)

    def add(self, record: Record, content: bytes | None) -> None:
        key = sample_key(str(record["id"]))
        made_at_s = int(datetime.fromisoformat(str(record["created_at"])).timestamp())
        members = [_member(f"{key}.{IMAGE_MEMBER}", content or b"", made_at_s)]
        if self._captioned:
            caption = str(record.get("prompt") or "").encode()
            members.append(_member(f"{key}.txt", caption, made_at_s))
        if self._table is not None:
            number = str(self._table.number_of(record)).encode()
            members.append(_member(f"{key}.cls", number, made_at_s))
        members.append(_member(f"{key}.json", as_text(self._columns, record), made_at_s))
        self._file.write(b"".join(members))

    def finish(self) -> None:
        size_bytes = self._file.size_bytes + 2 * tarfile.BLOCKSIZE  # the end: two empty blocks
        self._file.write(bytes(2 * tarfile.BLOCKSIZE + -size_bytes % tarfile.RECORDSIZE))

    def abandon(self) -> None:
        """Nothing is held."""


def _member(name: str, content: bytes, modified_at_s: int) -> bytes:
    """Header, content and padding. `tarfile` itself would remember every member until its end."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), modified_at_s
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return header + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def sample_key(image_id: str) -> str:
    """Name of a sample: readers cut it at its first dot, and group files by what is before."""
    if "." not in image_id:
        return image_id
    digest = hashlib.sha256(image_id.encode()).hexdigest()[:8]
    return f"{image_id.replace('.', '_')}_{digest}"
