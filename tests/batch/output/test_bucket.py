"""A job's output in a bucket (moto's S3 server), reached as its actors reach it: by the wiring."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from batch.config import Format, GridInput
from batch.making.journal import Journal
from batch.output.layout import MANIFEST
from batch.output.manifest import take_census, write_manifest
from batch.output.outcomes import ShardOutcome
from batch.output.publish import publish_shard
from batch.output.records import finished_shards
from batch.planning.inputs import InputGrid
from batch.planning.plan import Plan, ensure_plan, read_rows
from batch.wiring import JobWiring
from engines.errors import Conflict
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3ClientConfig, make_s3_client
from tests.batch.conftest import MakeConfig, MakeOutcome
from tests.moto_s3 import moto_s3

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FORMATS: tuple[Format, ...] = get_args(Format)
Open = Callable[[], Storage]


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    with moto_s3() as url:
        yield url


@pytest.fixture
def bucket(endpoint_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty one; credentials come by AWS's own chain, as in production."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"data-{uuid.uuid4().hex}"
    make_s3_client(S3ClientConfig(endpoint_url=endpoint_url)).create_bucket(Bucket=name)
    return name


@pytest.fixture
def open_output(bucket: str, endpoint_url: str, make_config: MakeConfig) -> Open:
    """Opens the output as an actor does: from a wiring that has traveled."""
    root = f"s3://{bucket}/sets/birds"
    wiring = JobWiring(make_config(), root, root, "/models", endpoint_url)
    return lambda: pickle.loads(pickle.dumps(wiring)).output()


def contents(storage: Storage) -> dict[str, bytes]:
    return {stat.key: storage.read(stat.key) for stat in storage.list("")}


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_shard_in_a_bucket_is_the_shard_in_a_folder(
    open_output: Open, tmp_path: Path, mixed_shard: ShardOutcome, output_format: Format
) -> None:
    folder = FolderStorage(tmp_path / "folder")
    publish_shard(folder, output_format, mixed_shard)
    publish_shard(open_output(), output_format, mixed_shard)
    found = contents(open_output())
    assert found == contents(folder)
    assert len(found) >= 4


def test_arrow_reads_the_dataset_from_the_bucket(
    open_output: Open, bucket: str, endpoint_url: str, mixed_shard: ShardOutcome
) -> None:
    publish_shard(open_output(), "parquet", mixed_shard)
    s3 = fs.S3FileSystem(
        access_key="test",
        secret_key="test",
        region="us-east-1",
        scheme="http",
        endpoint_override=endpoint_url.removeprefix("http://"),
    )
    table = pq.read_table(f"{bucket}/sets/birds/data/shard-000007.parquet", filesystem=s3)
    assert table["id"].to_pylist() == [
        outcome.row_id for outcome in mixed_shard.outcomes if outcome.status == "written"
    ]
    assert all(image["bytes"][:4] == b"\x89PNG" for image in table["image"].to_pylist())


def plan_of(storage: Storage, make_config: MakeConfig, rows: int = 10) -> Plan:
    grid = GridInput(kind="grid", templates=("bird",), repeats=rows)
    return ensure_plan(storage, make_config(), InputGrid(grid), lambda: NOW)


@pytest.mark.slow
def test_a_job_stopped_half_way_goes_on_from_what_the_bucket_holds(
    open_output: Open, make_config: MakeConfig, make_outcome: MakeOutcome
) -> None:
    plan = plan_of(open_output(), make_config)

    def publish(shard: int) -> None:
        rows = read_rows(open_output(), shard)
        outcomes = tuple(make_outcome(row.index) for row in rows)
        publish_shard(open_output(), "webdataset", ShardOutcome(shard, outcomes, 1.0))

    publish(0)
    publish(2)
    Journal(open_output()).open_run(1)  # its process was killed

    assert plan_of(open_output(), make_config) == plan
    assert list(finished_shards(open_output())) == [0, 2]
    assert take_census(open_output(), plan).unfinished == (1,)
    assert Journal(open_output()).unfinished_runs(1) == 1
    assert write_manifest(open_output(), plan, make_config(), {}, NOW).unfinished == (1,)
    assert MANIFEST not in contents(open_output())

    publish(1)
    census = write_manifest(open_output(), plan, make_config(), {}, NOW)
    assert census.unfinished == ()
    assert census.totals.written == 10
    assert MANIFEST in contents(open_output())
    assert Journal(open_output()).unfinished_runs(1) == 0


def test_another_job_may_not_use_the_bucket(open_output: Open, make_config: MakeConfig) -> None:
    plan_of(open_output(), make_config)
    with pytest.raises(Conflict, match="input"):
        plan_of(open_output(), make_config, rows=11)
