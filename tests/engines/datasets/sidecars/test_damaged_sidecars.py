"""Sidecars that somebody edited or a disk damaged: whatever stands in them, no image is lost for
it and no export dies of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from engines.datasets.store.layout import sidecar_key, verdict_key
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportRequest, QualityReport
from tests.engines.datasets.conftest import NATURE, generate

MakeRequest = Callable[..., ExportRequest]
VALUES: tuple[Any, ...] = (None, True, -1, 2**63, 0.5, "x", "2026", [], [1], {}, {"x": None})


@pytest.fixture
def master(store: DatasetStore) -> str:
    """An image with recipe and verdict."""
    key = generate(store, 1)
    store.record_verdict(key, QualityReport(key, 0.7, {"sharpness": 8.0}, True, "quality/1"))
    return key


def damaged(document: dict[str, Any]) -> list[bytes]:
    """Every value in place of every field, every field away, and what is no document at all."""
    found = [document | {name: value} for name in document for value in VALUES]
    found += [{k: v for k, v in document.items() if k != name} for name in document]
    inner = document.get("parameters", {})
    found += [
        document | {"parameters": inner | {name: value}} for name in inner for value in VALUES
    ]
    return [
        *map(orjson.dumps, found),
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"a":"\\ud800"}',
    ]


def beside(key: str, suffix: str) -> str:
    return verdict_key(key, "quality") if suffix == ".quality.json" else sidecar_key(key, suffix)


def plant(storage: Storage, master: str, suffix: str) -> int:
    """Copies of the image, each with one sidecar of its own; returns how many."""
    image = storage.read(master)
    document = orjson.loads(storage.read(beside(master, suffix)))
    variants = damaged(document)
    for number, content in enumerate(variants):
        key = f"{NATURE}/copy_{number:04d}.png"
        named = content.replace(b"image_0001.png", key.rpartition("/")[2].encode())
        storage.put_new(key, image)
        storage.put_new(beside(key, suffix), named)
    return len(variants)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".json", ".quality.json"])
@pytest.mark.parametrize("format_", ["jsonl", "parquet", "webdataset"])
def test_no_image_is_lost(
    exporter: DatasetExporter,
    storage: Storage,
    master: str,
    make_request: MakeRequest,
    suffix: str,
    format_: str,
) -> None:
    count = plant(storage, master, suffix)
    report = exporter.export(make_request("exports/out", format=format_))
    assert (report.exported_count, report.skipped) == (count + 1, ())


def test_what_is_not_believed_is_null_and_columns_keep_their_types(
    exporter: DatasetExporter, storage: Storage, master: str, make_request: MakeRequest
) -> None:
    plant(storage, master, ".quality.json")
    exporter.export(make_request("exports/out", format="parquet"))
    rows = pq.read_table(io.BytesIO(storage.read("exports/out"))).to_pylist()
    verdicts = [row["quality"] for row in rows]
    assert verdicts[-1]["score"] == 0.7  # the image itself comes last
    assert None in verdicts
    for verdict in filter(None, verdicts):
        assert isinstance(verdict["passed"], bool)
        assert isinstance(orjson.loads(verdict["findings"]), dict)
        assert verdict["validator_version"]
