"""What a job finds in its output that it did not leave so: it makes that again, and no more."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from batch.making.generators import SCHEMA
from batch.output.layout import MANIFEST, record_key
from batch.output.manifest import take_census, write_manifest
from batch.output.outcomes import ShardOutcome
from batch.output.publish import publish_shard
from batch.output.records import finished_shards, is_finished, read_record
from batch.pipeline import publish_batch
from batch.planning.plan import Plan, ensure_plan
from engines.errors import StorageFailed
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.types import ObjectStat
from tests.batch.conftest import MakeConfig, an_outcome
from tests.batch.planning.test_plan import Prompts, now
from tests.batch.ray_job import FakeWiring


@pytest.fixture
def plan(storage: FolderStorage, make_config: MakeConfig) -> Plan:
    """Eight rows in two shards, both published."""
    plan = ensure_plan(storage, make_config(), Prompts(*(f"bird {n}" for n in range(8))), now)
    for shard in range(2):
        outcomes = tuple(an_outcome(20 * shard + n) for n in range(4))
        publish_shard(storage, "webdataset", ShardOutcome(shard, outcomes, 1.0))
    return plan


DAMAGE = pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"shard": "x"}'],
    ids=["empty", "cut", "list", "object", "null", "no-utf8", "types"],
)


@DAMAGE
def test_a_shard_with_a_damaged_record_is_made_again_and_the_others_are_not(
    content: bytes, plan: Plan, storage: FolderStorage
) -> None:
    storage.replace(record_key(1), content)
    census = take_census(storage, plan)
    assert census.unfinished == (1,)
    assert (census.totals.rows, census.totals.shards) == (4, 1)
    # Else the engines would take the shard for a finished one, in every run.
    assert not is_finished(storage, 1)
    assert is_finished(storage, 0)


def test_no_manifest_is_written_over_a_damaged_record(
    plan: Plan, storage: FolderStorage, make_config: MakeConfig
) -> None:
    storage.replace(record_key(0), b"{")
    assert write_manifest(storage, plan, make_config(), {}, now()).unfinished == (0,)
    assert not any(stat.key == MANIFEST for stat in storage.list(""))
    outcomes = tuple(an_outcome(n) for n in range(4))
    publish_shard(storage, "webdataset", ShardOutcome(0, outcomes, 1.0))
    assert write_manifest(storage, plan, make_config(), {}, now()).unfinished == ()
    assert json.loads(storage.read(MANIFEST))["written"] == 8


@pytest.mark.parametrize("name", ["notes.txt", "000001.json.bak", "desktop.ini", "x.json", "1"])
def test_what_others_leave_beside_the_records_is_no_shard(
    name: str, plan: Plan, storage: FolderStorage
) -> None:
    storage.replace(f"_state/shards/{name}", b"hello")
    assert list(finished_shards(storage)) == [0, 1]
    assert take_census(storage, plan).unfinished == ()


@pytest.mark.parametrize("change", [b"", b"longer than it was"], ids=["empty", "longer"])
def test_a_shard_whose_file_has_another_size_is_made_again(
    change: bytes, plan: Plan, storage: FolderStorage
) -> None:
    key = "data/shard-000001.tar"
    storage.replace(key, change and storage.read(key) + change)
    assert take_census(storage, plan).unfinished == (1,)
    assert read_record(storage, 1) is None


# The task that writes a shard


def asked(status: str, outcome: bytes = b"") -> pa.Table:
    return pa.table({"shard": [3], "status": [status], "outcome": [outcome]}, schema=SCHEMA)


@pytest.mark.parametrize("status", ["published", "suspect", "unpublished: the storage is away"])
def test_a_shard_that_was_not_made_is_handed_on_as_it_is(
    status: str, make_config: MakeConfig
) -> None:
    wiring = FakeWiring(make_config(), 0.0)
    ended = publish_batch(asked(status), wiring, "webdataset")
    assert ended.to_pylist() == [{"shard": 3, "status": status}]
    assert list(wiring.output().list("")) == []


def a_made_shard() -> pa.Table:
    outcomes = tuple(an_outcome(n) for n in range(2))
    return asked("made", pickle.dumps(ShardOutcome(3, outcomes, 1.0)))


def test_a_made_shard_is_published(make_config: MakeConfig) -> None:
    wiring = FakeWiring(make_config(), 0.0)
    ended = publish_batch(a_made_shard(), wiring, "imagefolder")
    assert ended.to_pylist() == [{"shard": 3, "status": "published"}]
    record = read_record(wiring.output(), 3)
    assert record is not None
    assert record.rows == 2


class FullDisk(FolderStorage):
    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        raise StorageFailed("no space left")


class WithoutRoom(FakeWiring):
    def output(self) -> Storage:
        return FullDisk(Path(self.config.output.root))


def test_a_shard_that_cannot_be_written_is_left_for_the_next_pass(make_config: MakeConfig) -> None:
    wiring = WithoutRoom(make_config(), 0.0)
    ended = publish_batch(a_made_shard(), wiring, "webdataset")
    assert ended.to_pylist() == [{"shard": 3, "status": "unpublished: no space left"}]
    assert not is_finished(wiring.output(), 3)
