"""The formats of exports and batch shards: which file format, under which names."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING, Literal

from engines.datasets.writers.encoders import JsonlEncoder, ParquetEncoder, TarEncoder
from engines.datasets.writers.files import Fence, FileFormat, SplitFiles, unfenced

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.features import Encoding
    from engines.datasets.records.schema import Column
    from engines.protocols import Storage

Format = Literal["jsonl", "parquet", "webdataset"]

ENCODINGS: dict[Format, Encoding] = {"jsonl": "objects", "parquet": "typed", "webdataset": "text"}
"""How each format writes a record."""


def file_format(format_: Format, columns: tuple[Column, ...], config: ExportConfig) -> FileFormat:
    """How one file of the format is made."""
    if format_ == "parquet":
        encoder = partial(ParquetEncoder, columns=columns, config=config)
        return FileFormat(encoder, "application/x-parquet")
    if format_ == "webdataset":
        tar = partial(TarEncoder, columns=columns)
        return FileFormat(tar, "application/x-tar", config.shard_bytes)
    return FileFormat(JsonlEncoder, "application/jsonlines")


def one_file(
    storage: Storage, key: str, format_: FileFormat, fence: Fence = unfenced
) -> SplitFiles:
    """A writer of the file `key` or, where records have splits, of `<stem>-<split><suffix>`."""
    folder, _, name = key.rpartition("/")
    stem, suffix = posixpath.splitext(name)

    def name_file(split: str | None, number: int) -> str:
        return name if split is None else f"{stem}-{split}{suffix}"

    return SplitFiles(storage, folder, name_file, format_, never_none=True, fence=fence)


def shards(
    storage: Storage, folder: str, run: str, format_: FileFormat, fence: Fence = unfenced
) -> SplitFiles:
    """A writer of `<run>/<split>-000000.tar`, `data` where records have no split."""

    def name_file(split: str | None, number: int) -> str:
        return f"{run}/{split or 'data'}-{number:06d}.tar"

    return SplitFiles(storage, folder, name_file, format_, fence=fence)
