"""Datasets: one truth (the objects), one shortcut (the index), and how they are kept together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from engines.datasets.sidecars.verdict import Verdict
from engines.datasets.store.index import read_shard
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import NotFound
from engines.protocols import Storage
from engines.types import (
    GeneratedImage,
    GenerationRequest,
    PrivacyIssue,
    PrivacyReport,
    QualityReport,
)

MakeRequest = Callable[..., GenerationRequest]
MakeImage = Callable[[int], GeneratedImage]
NATURE = "generated/nature"


def quality(key: str, passed: bool = True, score: float = 0.9) -> QualityReport:
    return QualityReport(key, score, {"sharpness": 78.5}, passed, "quality/1 photo>=0.50")


def privacy(key: str, passed: bool = True) -> PrivacyReport:
    issue = PrivacyIssue("face", "high", "1 face", "yunet", (1, 2, 3, 4), 0.9)
    issues = () if passed else (issue,)
    return PrivacyReport(key, 95, 0 if passed else 1, False, False, issues, passed, "privacy/1")


@pytest.fixture
def nature(recorder: ImageRecorder, make_request: MakeRequest, make_image: MakeImage) -> list[str]:
    return [recorder.record(make_request(f"image_{n}"), make_image(n)).key for n in range(3)]


def test_records_come_from_the_index_alone(
    store: DatasetStore, counting: Any, nature: list[str]
) -> None:
    store.record_verdict(nature[0], quality(nature[0]))
    store.record_verdict(nature[0], privacy(nature[0], passed=False))
    counting.reads.clear()
    records = list(store.iter_records(NATURE))
    assert [record.stat.key for record in records] == nature
    assert all(record.indexed for record in records)
    assert all("/.index/" in key for key in counting.reads)
    first = records[0]
    assert first.recipe is not None
    assert first.quality is not None
    assert first.privacy is not None
    assert first.recipe.size_bytes == first.stat.size_bytes
    assert (first.quality.score, first.quality.passed) == (0.9, True)
    assert first.quality.findings == {"metrics": {"sharpness": 78.5}}
    assert (first.privacy.score, first.privacy.passed) == (95, False)
    assert first.privacy.findings["faces_detected"] == 1
    assert records[1].quality is None


def test_a_later_verdict_replaces_the_earlier(store: DatasetStore, nature: list[str]) -> None:
    store.record_verdict(nature[0], quality(nature[0], passed=True))
    store.record_verdict(nature[0], quality(nature[0], passed=False, score=0.1))
    record = next(iter(store.iter_records(NATURE)))
    assert record.quality is not None
    assert record.quality.passed is False
    assert record.indexed


def test_verdicts_of_other_processes_are_merged(
    store: DatasetStore, storage: Storage, clock: Any, nature: list[str]
) -> None:
    DatasetStore(storage, clock).record_verdict(nature[1], quality(nature[1]))
    store.record_verdict(nature[2], quality(nature[2], passed=False))
    passed = [r.quality.passed if r.quality else None for r in store.iter_records(NATURE)]
    assert passed == [None, True, False]


def test_a_verdict_whose_index_line_was_lost_is_read(
    store: DatasetStore, counting: Any, nature: list[str]
) -> None:
    store.record_verdict(nature[0], quality(nature[0], passed=True))
    counting.failing = {"append": ".jsonl"}
    store.record_verdict(nature[0], quality(nature[0], passed=False))
    record = next(iter(store.iter_records(NATURE)))
    assert record.quality is not None
    assert record.quality.passed is False
    assert not record.indexed


def test_repair_makes_the_index_whole_again(
    store: DatasetStore, storage: Storage, counting: Any, nature: list[str]
) -> None:
    store.record_verdict(nature[0], quality(nature[0]))
    for stat in list(storage.list(f"{NATURE}/.index")):
        storage.delete(stat.key)
    assert [r.indexed for r in store.iter_records(NATURE)] == [False] * 3
    assert store.repair_index(NATURE) == 3
    assert store.repair_index(NATURE) == 0
    counting.reads.clear()
    records = list(store.iter_records(NATURE))
    assert [r.indexed for r in records] == [True] * 3
    assert records[0].quality is not None
    assert all("/.index/" in key for key in counting.reads)


def test_torn_and_foreign_index_lines_are_passed_over(
    store: DatasetStore, storage: Storage, nature: list[str]
) -> None:
    (shard,) = storage.list(f"{NATURE}/.index")
    content = storage.read(shard.key)
    storage.replace(shard.key, content[:-40])
    storage.put_new(f"{NATURE}/.index/foreign.jsonl", b'{"a": 1}\n[1, 2]\nnot json\n')
    records = list(store.iter_records(NATURE))
    assert [r.indexed for r in records] == [True, True, False]
    assert all(r.recipe is not None for r in records)


@pytest.mark.parametrize("name", ['a",{"schema":1.png', "b,{c}].png", "d\u2028 'e' ü.png"])
def test_names_that_look_like_the_index_are_indexed(
    store: DatasetStore, storage: Storage, name: str
) -> None:
    key = f"uploads/odd/{name}"
    storage.put_new(key, b"of others")
    store.record_verdict(key, quality(key))
    (record,) = store.iter_records("uploads/odd")
    assert record.quality is not None
    assert record.name == name
    (shard,) = storage.list("uploads/odd/.index")
    (line,) = read_shard(storage, shard.key)
    assert line[0] == name
    assert Verdict.from_dict(orjson.loads(line[4])) == record.quality


def test_a_body_damaged_in_the_index_is_read_from_its_object(
    store: DatasetStore, storage: Storage, nature: list[str]
) -> None:
    store.record_verdict(nature[0], quality(nature[0]))
    for shard in list(storage.list(f"{NATURE}/.index")):
        damaged = storage.read(shard.key).replace(b'"schema":', b'"schema"')
        storage.replace(shard.key, damaged)
    records = list(store.iter_records(NATURE))
    assert [record.indexed for record in records] == [False] * 3
    assert all(record.recipe is not None for record in records)
    assert records[0].quality is not None


def test_an_image_somebody_replaced_is_not_described_by_the_old_hash(
    store: DatasetStore, storage: Storage, nature: list[str]
) -> None:
    storage.replace(nature[0], b"another file")
    record = next(iter(store.iter_records(NATURE)))
    assert record.stat.size_bytes == 12
    assert record.recipe is None or record.recipe.file_sha256 is None


def test_a_deleted_image_is_no_record(
    store: DatasetStore, storage: Storage, nature: list[str]
) -> None:
    storage.delete(nature[1])
    assert [r.image_id for r in store.iter_records(NATURE)] == ["image_0", "image_2"]


def test_shards_roll(
    storage: Storage, clock: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    small = DatasetStore(storage, clock, shard_bytes=2000)
    writer = ImageRecorder(small, {})
    for number in range(5):
        writer.record(make_request(f"image_{number}"), make_image(number))
    shards = list(storage.list(f"{NATURE}/.index"))
    assert len(shards) > 1
    assert all(shard.size_bytes <= 2000 for shard in shards)
    assert all(record.indexed for record in small.iter_records(NATURE))


def test_images_without_dataset_do_not_mix_with_datasets(
    store: DatasetStore,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
    nature: list[str],
) -> None:
    recorder.record(make_request("lonely", dataset=None), make_image(9))
    records = list(store.iter_records("generated"))
    assert [(r.image_id, r.indexed) for r in records] == [("lonely", True)]
    assert [r.image_id for r in store.iter_records(NATURE)] == ["image_0", "image_1", "image_2"]
    assert store.names() == ["nature"]


def test_a_users_own_folder_is_a_dataset(store: DatasetStore, storage: Storage) -> None:
    storage.put_new("uploads/pets/cats/1.jpg", b"jpeg")
    storage.put_new("uploads/pets/cats/1.json", b'{"label": "cat"}')
    storage.put_new("uploads/pets/cats/1.txt", b"0 .5 .5 1 1")
    storage.put_new("uploads/pets/dogs/1.jpg", b"jpeg")
    storage.put_new("uploads/pets/dogs/1.json", b"not json")
    storage.put_new("uploads/pets/dogs/1.png", b"same stem")
    storage.put_new("uploads/pets/README.md", b"hello")
    records = list(store.iter_records("uploads/pets"))
    assert [r.image_id for r in records] == ["cats/1", "dogs/1", "dogs/1.png"]
    assert [r.recipe for r in records] == [None] * 3
    assert records[0].metadata == {"label": "cat"}
    assert records[1].metadata is None
    assert records[0].sidecars["yolo"].key == "uploads/pets/cats/1.txt"


def test_a_verdict_belongs_to_the_judged_file_of_two_with_one_stem(
    store: DatasetStore, storage: Storage
) -> None:
    storage.put_new("uploads/a.jpg", b"1")
    storage.put_new("uploads/a.png", b"2")
    store.record_verdict("uploads/a.png", quality("uploads/a.png"))
    jpg, png = store.iter_records("uploads")
    assert jpg.quality is None
    assert png.quality is not None


def test_a_broken_verdict_is_none(store: DatasetStore, storage: Storage, nature: list[str]) -> None:
    storage.put_new(f"{NATURE}/image_0.quality.json", b"{")
    storage.put_new(f"{NATURE}/image_1.quality.json", b'{"schema": "inferloop.verdict/1"}')
    assert [r.quality for r in store.iter_records(NATURE)] == [None, None, None]


def test_summaries_count(store: DatasetStore, storage: Storage, nature: list[str]) -> None:
    store.record_verdict(nature[0], quality(nature[0]))
    store.record_verdict(nature[1], quality(nature[1], passed=False))
    store.record_verdict(nature[0], privacy(nature[0]))
    (summary,) = store.list()
    assert summary == store.summary("nature")
    assert (summary.name, summary.image_count) == ("nature", 3)
    assert summary.size_bytes == sum(storage.stat(key).size_bytes for key in nature)
    assert summary.updated_at is not None
    assert summary.verdicts == {"quality_passed": 1, "quality_failed": 1, "privacy_passed": 1}


def test_an_absent_dataset_is_not_found(store: DatasetStore, storage: Storage) -> None:
    for use in (store.summary, store.delete):
        with pytest.raises(NotFound, match="Dataset not found: nature"):
            use("nature")
    with pytest.raises(NotFound):
        list(store.iter_records(NATURE))
    storage.put_new(f"{NATURE}/notes.md", b"no image here")
    with pytest.raises(NotFound):
        list(store.iter_records(NATURE))
    assert store.list() == []


def test_delete_removes_all_of_it_and_nothing_else(
    store: DatasetStore,
    storage: Storage,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
    nature: list[str],
) -> None:
    kept = recorder.record(make_request("x", dataset="nature2"), make_image(1)).key
    assert store.delete("nature") == 7
    assert list(storage.list(NATURE)) == []
    assert store.names() == ["nature2"]
    assert storage.stat(kept).key == kept


def test_a_dataset_can_be_made_again_after_deletion(
    store: DatasetStore,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
    nature: list[str],
) -> None:
    store.delete("nature")
    recorder.record(make_request("image_0"), make_image(5))
    (record,) = store.iter_records(NATURE)
    assert record.indexed
