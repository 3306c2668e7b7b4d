"""The engine actor of the pipeline, in this process: what it answers for a shard, and what it
leaves in the journal."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from batch.config import GridInput, JobConfig
from batch.making.generators import Generator, GeneratorParts
from batch.making.journal import Journal
from batch.output.outcomes import Judgment, Outcome, ShardOutcome
from batch.output.publish import publish_shard
from batch.planning.inputs import InputGrid
from batch.planning.plan import ensure_plan
from engines.errors import ReplicaLost, StorageFailed
from engines.protocols import DiffusionEngine, GenerationListener, Storage
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine
from engines.types import GenerationRequest
from tests.batch.conftest import MakeConfig
from tests.batch.ray_job import FakeWiring

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Board:
    """What `board.add.remote(...)` of an actor's handle does, in this process."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.add = self

    def remote(self, counts: Mapping[str, int]) -> None:
        self.heard.update(counts)


class Judge:
    """A checker's handle, to which every image is good."""

    def __init__(self) -> None:
        self.check = self

    async def remote(self, content: bytes, row_id: str) -> Judgment:
        return Judgment(True, (), {"quality_score": 1.0}, (), (0, 0), b"jpeg")


class NoReading(FolderStorage):
    """A storage that is away."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        raise StorageFailed("the bucket is away")


class AwayWiring(FakeWiring):
    def output(self) -> Storage:
        return NoReading(Path(self.config.output.root))


class DeadEngine(FakeEngine):
    """Its thread is gone: every request is lost."""

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        raise ReplicaLost("the engine's thread has died")


class DeadWiring(FakeWiring):
    def engine(self) -> DiffusionEngine:
        return DeadEngine(config=self.config.engine)


def planned(config: JobConfig, rows: int = 8) -> FolderStorage:
    storage = FolderStorage(Path(config.output.root))
    grid = GridInput(kind="grid", templates=("a bird",), repeats=rows)
    ensure_plan(storage, config, InputGrid(grid), lambda: NOW)
    return storage


def parts_of(wiring: FakeWiring, board: Board) -> GeneratorParts:
    return GeneratorParts(wiring, wiring.config, NOW, [Judge()], board)


async def ask(
    wiring: FakeWiring, *shards: int, board: Board | None = None
) -> list[dict[str, object]]:
    """What the actor answers for the shards, asked at once as Ray Data does."""
    generator = Generator(parts_of(wiring, board or Board()))
    asked = [generator(pa.table({"shard": [shard]})) for shard in shards]
    return [table.to_pylist()[0] for table in await asyncio.gather(*asked)]


def outcomes_of(answer: Mapping[str, object]) -> tuple[Outcome, ...]:
    content = answer["outcome"]
    assert isinstance(content, bytes)
    shard: ShardOutcome = pickle.loads(content)
    return shard.outcomes


async def test_a_shard_is_made_and_leaves_no_mark(make_config: MakeConfig) -> None:
    config = make_config()
    storage, board = planned(config), Board()
    (answer,) = await ask(FakeWiring(config, 0.0), 1, board=board)
    assert (answer["shard"], answer["status"]) == (1, "made")
    outcomes = outcomes_of(answer)
    assert [outcome.index for outcome in outcomes] == [4, 5, 6, 7]
    assert {outcome.status for outcome in outcomes} == {"written"}
    assert board.heard == {"image": 4, "written": 4}
    assert Journal(storage).unfinished_runs(1) == 0


async def test_open_shards_do_not_mix(make_config: MakeConfig) -> None:
    config = make_config()
    planned(config)
    answers = await ask(FakeWiring(config, 0.001), 0, 1)
    indices = [[outcome.index for outcome in outcomes_of(answer)] for answer in answers]
    assert indices == [[0, 1, 2, 3], [4, 5, 6, 7]]


async def test_a_finished_shard_is_not_made_again(make_config: MakeConfig) -> None:
    config = make_config()
    storage = planned(config)
    (made,) = await ask(FakeWiring(config, 0.0), 0)
    shard = ShardOutcome(0, outcomes_of(made), 1.0)
    publish_shard(storage, config.output.format, shard)
    board = Board()
    (answer,) = await ask(FakeWiring(config, 0.0), 0, board=board)
    assert (answer["status"], answer["outcome"]) == ("published", b"")
    assert board.heard == {}


async def test_a_shard_under_which_processes_died_is_suspect(make_config: MakeConfig) -> None:
    config = make_config(tries={"shard_deaths": 2})
    journal = Journal(planned(config))
    journal.open_run(0)
    (after_one,) = await ask(FakeWiring(config, 0.0), 0)
    assert after_one["status"] == "made"
    journal.open_run(0)
    (after_two,) = await ask(FakeWiring(config, 0.0), 0)
    assert (after_two["status"], after_two["outcome"]) == ("suspect", b"")


async def test_a_storage_that_is_away_leaves_the_shard_for_the_next_pass(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    storage = planned(config)
    (answer,) = await ask(AwayWiring(config, 0.0), 0)
    assert answer["status"] == "unpublished: the bucket is away"
    assert Journal(storage).unfinished_runs(0) == 0


@pytest.mark.slow
def test_an_engine_that_has_died_takes_its_process_along(make_config: MakeConfig) -> None:
    """So that Ray starts another one, and the mark tells of the death."""
    config = make_config()
    storage = planned(config)
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, __file__, config.model_dump_json()],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "survived" not in done.stdout
    assert Journal(storage).unfinished_runs(0) == 1


if __name__ == "__main__":
    asyncio.run(ask(DeadWiring(JobConfig.model_validate_json(sys.argv[1]), 0.0), 0))
    sys.stdout.write("survived\n")
