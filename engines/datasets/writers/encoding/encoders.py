"""Encode records as JSONL, Parquet and tar (WebDataset)."""

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
"""JSON lines are written together up to this many bytes."""


class Encoder(Protocol):
    """Writes records to a file, which the caller opens and closes."""

    def add(self, record: Record, content: bytes | None) -> None:
        """Add a record. May write it later, and may change the record. `content`: the image file,
        for formats that contain images."""

    def finish(self) -> None:
        """Write the records that are not written yet, and the end of the file."""

    def abandon(self) -> None:
        """Free memory and temporary files. The file itself was abandoned before."""


if TYPE_CHECKING:
    MakeEncoder = Callable[[HashedFile], Encoder]
    """Makes an encoder for a new file."""


class JsonlEncoder:
    """Writes one JSON object per line, in UTF-8."""

    def __init__(self, file: HashedFile) -> None:
        self._file = file
        self._lines = bytearray()

    def add(self, record: Record, content: bytes | None) -> None:
        self._lines += orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        if len(self._lines) >= _LINES_BYTES:
            self.finish()

    def finish(self) -> None:
        """Write the lines that are not written yet."""
        self._file.write(self._lines)
        self._lines.clear()

    def abandon(self) -> None:
        """Does nothing."""


_REPEATED = frozenset({"dataset", "split", "format", "prompt"})
"""Columns with dictionary encoding, which helps if values repeat; for image bytes it would only
cost memory."""
_SOUGHT = ["id", "split", "width", "height", "created_at", "quality.score", "privacy.score"]
"""Columns for which each row group stores its minimum and maximum, for readers that filter. Storing
them for all columns would take a fifth of the memory that a row group needs until the file is
closed."""


class ParquetEncoder:
    """Writes Parquet with the images inside, as structs {bytes, path}. Holds one row group in
    memory."""

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
"""Suffix of all images in a tar, of any format: readers use the suffix as the column's name, and
detect the format by content. The record's `format` has the real format."""


class TarEncoder:
    """Writes WebDataset samples: `<key>.png`, `<key>.json` (the record), `<key>.txt` (the prompt,
    if records have one), and `<key>.cls` (the class's number, if the dataset has labels)."""

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
        """Does nothing."""


def _member(name: str, content: bytes, modified_at_s: int) -> bytes:
    """Header, content and padding of a tar member. Not written by `tarfile.TarFile`, because it
    keeps all members in memory."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), modified_at_s
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return header + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def sample_key(image_id: str) -> str:
    """The key of a sample. It has no dots, because readers group files by the part of the name
    before the first dot."""
    if "." not in image_id:
        return image_id
    digest = hashlib.sha256(image_id.encode()).hexdigest()[:8]
    return f"{image_id.replace('.', '_')}_{digest}"
