"""Nothing that an export holds grows with the number of its images."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

from engines.datasets.export_config import ExportConfig
from engines.datasets.records.record import Record
from engines.datasets.records.schema import columns
from engines.datasets.writers.files import RecordWriter
from engines.datasets.writers.formats import file_format, shards
from engines.storage.folder.storage import FolderStorage


def held_after(writer: RecordWriter, count: int, start: int) -> int:
    """Python memory after `count` more samples, bytes."""
    for number in range(start, start + count):
        record: Record = {
            "id": f"image_{number:08d}",
            "file_name": "x.png",
            "split": None,
            "created_at": "2026-01-01T00:00:00.000Z",
        }
        writer.add(record, b"content")
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.slow
@pytest.mark.parametrize("shard_bytes", [ExportConfig().shard_bytes])
def test_an_open_tar_remembers_none_of_its_samples(tmp_path: Path, shard_bytes: int) -> None:
    storage = FolderStorage(tmp_path)
    tracemalloc.start()
    try:
        format_ = file_format("webdataset", columns(), ExportConfig(shard_bytes=shard_bytes))
        with shards(storage, "exports/x", "run-1", format_) as writer:
            first = held_after(writer, 200, 0)
            later = held_after(writer, 2000, 200)
            (shard,) = writer.finish()
    finally:
        tracemalloc.stop()
    assert shard.count == 2200
    assert later - first < 100_000  # two TarInfo a sample would be more than a megabyte
