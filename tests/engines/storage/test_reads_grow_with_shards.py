"""100,000 images are listed and exported without 100,000 reads: what is read grows with the
index's shards, on a folder and on S3 alike."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from engines.datasets.export_config import ExportConfig
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.storage import S3Storage
from engines.types import (
    ExportRequest,
    GeneratedImage,
    GenerationRequest,
    ObjectStat,
    PrivacyReport,
    QualityReport,
)
from tests.engines.datasets.s3.s3_server import ClientFactory, FaultyS3

pytestmark = pytest.mark.slow

SHARD_BYTES = 20_000
"""About a dozen images with their verdicts."""


class CountingStorage(FolderStorage):
    """Counts what reads."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: Counter[str] = Counter()

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        self.calls["read"] += 1
        return super().read(key, start, length)

    def open(self, key: str) -> BinaryIO:
        self.calls["open"] += 1
        return super().open(key)

    def stat(self, key: str) -> ObjectStat:
        self.calls["stat"] += 1
        return super().stat(key)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        self.calls["list"] += 1
        return super().list(prefix, after)


def fill(store: DatasetStore, count: int) -> None:
    """`count` tiny images, each judged for quality and privacy."""
    recorder = ImageRecorder(store, {"torch": "2"})
    pixels = np.zeros((8, 8, 3), np.uint8)
    image = GeneratedImage(pixels, "m", "r", "DDIMScheduler", {"policy": "off"})
    for seed in range(count):
        request = GenerationRequest(
            f"image_{seed:04d}", "a prompt", "m", 64, 64, 2, 0.0, seed, dataset="set"
        )
        key = recorder.record(request, image).key
        store.record_verdict(key, QualityReport(key, 0.7, {}, True, "quality/1"))
        store.record_verdict(key, PrivacyReport(key, 100, 0, False, False, (), True, "privacy/1"))


def shards(store: DatasetStore) -> int:
    return sum("/.index/" in stat.key for stat in store.storage.list("generated/set"))


@pytest.mark.parametrize("count", [30, 120])
def test_on_a_folder(tmp_path: Path, count: int) -> None:
    fill(DatasetStore(FolderStorage(tmp_path), shard_bytes=SHARD_BYTES), count)
    storage = CountingStorage(tmp_path)
    store = DatasetStore(storage)
    expected = shards(store)
    assert 2 <= expected <= count / 5
    storage.calls.clear()
    summary = store.summary("set")
    assert summary.image_count == count
    assert summary.verdicts == {"quality_passed": count, "privacy_passed": count}
    assert storage.calls == {"list": 2, "open": expected}  # the index's version, then all of it
    storage.calls.clear()
    assert store.summary("set") == summary
    assert storage.calls == {"list": 1}  # unchanged: nothing is counted again
    storage.calls.clear()
    exporter = DatasetExporter(storage, store, ExportConfig())
    report = exporter.export(ExportRequest("jsonl", "generated/set", "exports/set.jsonl"))
    assert report.exported_count == count
    assert storage.calls["list"] == 1
    # Beside the shards one object is read, and no image: the card of the target, as an export
    # before this one left it, which names the files that this one replaces. There is none here.
    assert storage.calls["read"] == 1
    assert storage.calls["open"] == expected + 1  # `read` of a folder opens
    assert storage.calls["stat"] <= 10  # the lock and the targets, however many images


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


def test_on_s3(server: FaultyS3) -> None:
    factory = ClientFactory(f"http://127.0.0.1:{server.port}")
    bucket = f"root-{uuid.uuid4().hex}"
    factory(2).create_bucket(Bucket=bucket)
    count = 24
    fill(DatasetStore(S3Storage(factory(4), bucket, "p"), shard_bytes=SHARD_BYTES // 2), count)
    store = DatasetStore(S3Storage(factory(4), bucket, "p"))
    expected = shards(store)
    assert 2 <= expected <= count / 4
    factory.calls.clear()
    assert store.summary("set").image_count == count
    assert factory.calls["ListObjectsV2"] == 2
    assert factory.calls["GetObject"] <= 2 * expected
    assert factory.calls["HeadObject"] <= expected
    assert set(factory.calls) <= {"ListObjectsV2", "GetObject", "HeadObject"}
