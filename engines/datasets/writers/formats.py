"""The formats of exports and batch shards, and the names of their files."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from engines.datasets.writers.encoding.class_folders import ClassFolderEncoder
from engines.datasets.writers.encoding.class_table import ClassTable
from engines.datasets.writers.encoding.coco import CocoEncoder
from engines.datasets.writers.encoding.csv_file import CsvEncoder
from engines.datasets.writers.encoding.encoders import JsonlEncoder, ParquetEncoder, TarEncoder
from engines.datasets.writers.files import Fence, FileFormat, SplitFiles, unfenced

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.features import Encoding
    from engines.datasets.records.schema import Column
    from engines.protocols import Storage
    from engines.types import ExportFormat

ENCODINGS: dict[ExportFormat, Encoding] = {
    "jsonl": "objects",
    "parquet": "typed",
    "webdataset": "text",
    "csv": "text",
    "coco": "objects",
    "imagefolder": "objects",
}
"""How each format writes a record."""

WITH_IMAGES = frozenset({"parquet", "webdataset", "imagefolder"})
"""Formats that contain the images. The other formats contain their paths."""

COCO_MIME = "application/json"
ZIP_MIME = "application/zip"


def file_format(
    format_: ExportFormat,
    columns: tuple[Column, ...],
    config: ExportConfig,
    table: ClassTable | None = None,
) -> FileFormat:
    """How one file of the format is written. `table`: the classes of the labels, for the formats
    that write numbers in place of class names."""
    table = table or ClassTable({})
    if format_ == "parquet":
        encoder = partial(ParquetEncoder, columns=columns, config=config)
        return FileFormat(encoder, "application/x-parquet")
    if format_ == "webdataset":
        tar = partial(TarEncoder, columns=columns, table=table)
        return FileFormat(tar, "application/x-tar", config.shard_bytes)
    if format_ == "csv":
        table_ = partial(CsvEncoder, columns=columns, escape_formulas=config.escape_formulas)
        return FileFormat(table_, "text/csv")
    if format_ == "coco":
        return FileFormat(partial(CocoEncoder, table=table), COCO_MIME)
    if format_ == "imagefolder":
        return FileFormat(partial(ClassFolderEncoder, table=table), ZIP_MIME)
    return FileFormat(JsonlEncoder, "application/jsonlines")


def one_file(
    storage: Storage, key: str, format_: FileFormat, fence: Fence = unfenced
) -> SplitFiles:
    """A writer of the file `key`. Records with a split go to `<stem>-<split><suffix>`."""
    folder, _, name = key.rpartition("/")
    stem, suffix = posixpath.splitext(name)

    def name_file(split: str | None, number: int) -> str:
        return name if split is None else f"{stem}-{split}{suffix}"

    return SplitFiles(storage, folder, name_file, format_, never_none=True, fence=fence)


def shards(
    storage: Storage, folder: str, run: str, format_: FileFormat, fence: Fence = unfenced
) -> SplitFiles:
    """A writer of the files `<run>/<split>-000000.tar`. Records without a split go to `data`."""

    def name_file(split: str | None, number: int) -> str:
        return f"{run}/{split or 'data'}-{number:06d}.tar"

    return SplitFiles(storage, folder, name_file, format_, fence=fence)
