"""Writers of one file: JSONL and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from engines.datasets.records.features import arrow_schema, with_json_as_text

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.record import Record
    from engines.datasets.records.schema import Column
    from engines.datasets.writers.hashed_file import HashedFile


class FileWriter(Protocol):
    """Takes records one by one, then is finished; the file belongs to the caller."""

    def add(self, record: Record, content: bytes | None) -> None:
        """Write, or keep for the next group. `content`: the image file, where the format asks."""

    def finish(self) -> None:
        """Write what was kept and the format's end."""

    def abandon(self) -> None:
        """Free what is held; the file was abandoned before."""


_LINES_BYTES = 64 * 1024
"""JSONL written at a time."""


class JsonlWriter:
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


class ParquetWriter:
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
