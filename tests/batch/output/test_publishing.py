"""Publishing a shard: what is written where, in every format, and what a death half-way leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, get_args

import datasets
import pytest
import webdataset

from batch.config import Format
from batch.making.journal import Journal
from batch.output.layout import record_key
from batch.output.outcomes import Outcome, ShardOutcome
from batch.output.publish import publish_shard
from batch.output.records import finished_shards, is_finished, read_record
from engines.errors import StorageFailed
from engines.storage.folder.storage import FolderStorage
from engines.types import ObjectStat

FORMATS: tuple[Format, ...] = get_args(Format)
MakeOutcome = Callable[..., Outcome]


def tree(root: Path) -> dict[str, bytes]:
    """Every file that a reader of the output sees."""
    files = (p for p in root.rglob("*") if p.is_file() and ".inferloop" not in p.parts)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def written_ids(shard: ShardOutcome) -> list[str]:
    return [o.row_id for o in shard.outcomes if o.status == "written"]


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_published_shard_has_its_record(
    storage: FolderStorage, tmp_path: Path, mixed_shard: ShardOutcome, output_format: Format
) -> None:
    assert not is_finished(storage, 7)
    record = publish_shard(storage, output_format, mixed_shard)
    assert read_record(storage, 7) == record
    assert list(finished_shards(storage)) == [7]
    assert list(record.written) == written_ids(mixed_shard)
    assert [(r.index, r.status) for r in record.refused] == [(20, "rejected"), (40, "failed")]
    found = tree(tmp_path / "out")
    assert {file.key for file in record.files} == set(found) - {record_key(7)}
    assert {file.key: file.size_bytes for file in record.files} == {
        key: len(content) for key, content in found.items() if key != record_key(7)
    }


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_same_shard_gives_the_same_bytes(
    tmp_path: Path, mixed_shard: ShardOutcome, output_format: Format
) -> None:
    for name in ("a", "b"):
        publish_shard(FolderStorage(tmp_path / name), output_format, mixed_shard)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_a_webdataset_shard_reads_back(
    storage: FolderStorage, tmp_path: Path, mixed_shard: ShardOutcome
) -> None:
    publish_shard(storage, "webdataset", mixed_shard)
    tar = tmp_path / "out/data/shard-000007.tar"
    samples = list(webdataset.WebDataset(str(tar), shardshuffle=False))
    assert [sample["__key__"] for sample in samples] == written_ids(mixed_shard)
    first = json.loads(samples[0]["json"])
    assert samples[0]["txt"].decode() == first["prompt"] == f"prompt of {first['id']}"
    assert mixed_shard.outcomes[0].image is not None
    assert samples[0]["png"] == mixed_shard.outcomes[0].image.png


@pytest.mark.parametrize("output_format", FORMATS)
def test_hugging_face_datasets_reads_every_format(
    storage: FolderStorage,
    tmp_path: Path,
    mixed_shard: ShardOutcome,
    output_format: Format,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    publish_shard(storage, output_format, mixed_shard)
    data = tmp_path / "out/data"
    arguments: dict[str, str] = {"cache_dir": str(tmp_path / "cache"), "split": "train"}
    if output_format == "imagefolder":
        arguments["data_dir"] = str(data)
    else:
        arguments["data_files"] = str(next(data.iterdir()))
    found = datasets.load_dataset(output_format, **arguments)
    assert found.num_rows == 2
    image = found[0]["png" if output_format == "webdataset" else "image"]
    assert image.size == (16, 16)
    if output_format != "webdataset":
        assert found["id"][:] == written_ids(mixed_shard)


def test_refused_rows_lie_apart_with_their_reasons(
    storage: FolderStorage, tmp_path: Path, mixed_shard: ShardOutcome
) -> None:
    publish_shard(storage, "webdataset", mixed_shard)
    folder = tmp_path / "out/rejected/shard-000007"
    (told,) = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert (folder / told["file_name"]).read_bytes()[1:4] == b"PNG"
    assert json.loads(told["reasons"]) == [{"code": "low_quality", "message": "quality score 0.10"}]
    (bare,) = [json.loads(line) for line in (folder / "no_image.jsonl").read_text().splitlines()]
    assert (bare["index"], bare["status"], bare["row"]) == (40, "failed", {"prompt": "prompt 40"})


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_shard_of_which_nothing_passed_has_no_file(
    storage: FolderStorage, make_outcome: MakeOutcome, output_format: Format
) -> None:
    shard = ShardOutcome(0, (make_outcome(1, "rejected", with_image=False),), 1.0)
    record = publish_shard(storage, output_format, shard)
    assert [file.key for file in record.files] == ["rejected/shard-000000/no_image.jsonl"]
    assert list(storage.list("data")) == []


class DyingStorage(FolderStorage):
    """Fails at its `dies_at`-th change, and at every one after: its process is dead."""

    def __init__(self, root: Path, dies_at: int) -> None:
        super().__init__(root)
        self._left = dies_at

    def _live(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise StorageFailed("dead")

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        self._live()
        return super().put_new(key, content)

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        self._live()
        return super().replace(key, content, if_match)

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        with super().create(key) as file:
            yield file
            self._live()  # died before it was published

    def delete(self, key: str) -> None:
        self._live()
        super().delete(key)


@pytest.mark.parametrize("output_format", FORMATS)
def test_killed_at_any_write_it_is_published_whole_by_the_next_try(
    tmp_path: Path, mixed_shard: ShardOutcome, output_format: Format
) -> None:
    publish_shard(FolderStorage(tmp_path / "whole"), output_format, mixed_shard)
    whole = tree(tmp_path / "whole")
    for dies_at in range(100):
        root = tmp_path / str(dies_at)
        dying = DyingStorage(root, dies_at)
        Journal(FolderStorage(root)).open_run(7)
        try:
            publish_shard(dying, output_format, mixed_shard)
        except StorageFailed:
            shards = [path for path in root.glob("data/*") if path.is_file()]
            assert all(path.read_bytes() == whole[f"data/{path.name}"] for path in shards)
        else:
            break
        publish_shard(FolderStorage(root), output_format, mixed_shard)
        assert tree(root) == whole
    assert 3 < dies_at < 99


def test_what_an_earlier_try_left_of_a_row_that_now_fails_is_gone(
    storage: FolderStorage, make_outcome: MakeOutcome
) -> None:
    before = ShardOutcome(0, (make_outcome(1), make_outcome(2)), 1.0)
    after = ShardOutcome(0, (make_outcome(1), make_outcome(2, "rejected")), 1.0)
    publish_shard(storage, "imagefolder", before)
    record = publish_shard(storage, "imagefolder", after)
    images = [s.key for s in storage.list("data") if s.key.endswith(".png")]
    assert images == [f"data/shard-000000/{record.written[0]}.png"]


def test_marks_count_processes_that_never_closed(storage: FolderStorage) -> None:
    journal = Journal(storage)
    first, second = journal.open_run(3), journal.open_run(3)
    assert journal.unfinished_runs(3) == 2
    journal.close_run(second)
    assert journal.unfinished_runs(3) == 1
    assert journal.unfinished_runs(4) == 0
    journal.close_run(first)
    journal.close_run(first)
    assert journal.unfinished_runs(3) == 0


def test_a_row_alone_is_counted_by_itself(storage: FolderStorage) -> None:
    journal = Journal(storage)
    journal.open_alone(3, "aa")
    journal.open_alone(3, "aa")
    mark = journal.open_alone(3, "bb")
    journal.close_alone(mark)
    journal.save_alone(3, "bb", b"written")
    assert journal.deaths_alone(3) == {"aa": 2}
    assert (journal.has_alone(3, "aa"), journal.has_alone(3, "bb")) == (False, True)
    assert (journal.load_alone(3, "aa"), journal.load_alone(3, "bb")) == (None, b"written")


def test_a_published_shard_is_forgotten_by_the_journal(
    storage: FolderStorage, mixed_shard: ShardOutcome
) -> None:
    journal = Journal(storage)
    journal.open_run(7)
    journal.open_alone(7, "aa")
    other = journal.open_run(8)
    publish_shard(storage, "webdataset", mixed_shard)
    left = [stat.key for stat in storage.list("_state")]
    assert left == [other, record_key(7)]
