"""Rows that run one by one: a death convicts the row that was at work, and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ray.exceptions import ActorDiedError

from batch.config import GridInput, JobConfig
from batch.making.alone import LoneLane, publish_alone
from batch.making.generators import GeneratorParts
from batch.making.journal import Journal
from batch.output.outcome_json import outcome_from_json, outcome_to_json
from batch.output.outcomes import Outcome
from batch.output.records import read_record
from batch.pipeline import ShardEnd
from batch.planning.inputs import InputGrid
from batch.planning.plan import ensure_plan, read_rows
from batch.planning.rows import PlannedRow
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import MakeConfig, made_image
from tests.batch.ray_job import FakeWiring

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Dies = Callable[[PlannedRow], bool]


class Process:
    """A `LoneMaker`'s handle, in this process; `dies` says under which rows it ends."""

    def __init__(self, journal: Journal, dies: Dies, asked: list[int]) -> None:
        self._journal, self._dies, self._asked = journal, dies, asked
        self.make = self

    async def remote(self, shard: int, row: PlannedRow) -> None:
        self._asked.append(row.index)
        if self._dies(row):
            raise ActorDiedError
        image = made_image(row.row_id)
        outcome = Outcome(row.row_id, row.index, "written", 1, (), image, row.parameters)
        self._journal.save_alone(shard, row.row_id, outcome_to_json(outcome))


class Lane:
    """A lane over such processes, and what it did with them."""

    def __init__(self, config: JobConfig, dies: Dies) -> None:
        self.storage = FolderStorage(Path(config.output.root))
        grid = GridInput(kind="grid", templates=("a bird",), repeats=4)
        ensure_plan(self.storage, config, InputGrid(grid), lambda: NOW)
        self.parts = GeneratorParts(FakeWiring(config, 0.0), config, NOW, [], None)
        self.journal = Journal(self.storage)
        self.asked: list[int] = []
        self.started: list[Process] = []
        self.ended: list[Process] = []
        self._dies = dies

    async def run(self) -> ShardEnd:
        lane = LoneLane(self.parts, self._start, publish, self.ended.append)
        try:
            return await lane.run_shard(0)
        finally:
            lane.close()

    def _start(self, parts: GeneratorParts) -> Process:
        self.started.append(Process(self.journal, self._dies, self.asked))
        return self.started[-1]

    def ends(self) -> dict[int, tuple[str, int]]:
        """Row to how it ended and how many images, or processes, it took."""
        found: dict[int, tuple[str, int]] = {}
        for row in read_rows(self.storage, 0):
            saved = self.journal.load_alone(0, row.row_id)
            assert saved is not None
            outcome = outcome_from_json(saved)
            found[row.index] = (outcome.status, outcome.attempts)
        return found


async def publish(parts: GeneratorParts, shard: int) -> str:
    return "published"


def kills(index: int) -> Dies:
    return lambda row: row.index == index


async def test_only_the_row_that_kills_is_given_up(make_config: MakeConfig) -> None:
    lane = Lane(make_config(tries={"deaths": 3}), kills(1))
    assert await lane.run() == ShardEnd(0, "published")
    assert lane.asked == [0, 1, 1, 1, 2, 3]
    assert lane.ends() == {
        0: ("written", 1),
        1: ("failed", 3),
        2: ("written", 1),
        3: ("written", 1),
    }
    assert len(lane.started) == 4  # the first one, and one after each death
    assert lane.ended == [lane.started[-1]]  # the dead need no end


async def test_deaths_of_an_earlier_submission_count(make_config: MakeConfig) -> None:
    """The whole job may have died with the row."""
    lane = Lane(make_config(tries={"deaths": 3}), kills(1))
    killer = read_rows(lane.storage, 0)[1]
    for _ in range(2):
        lane.journal.open_alone(0, killer.row_id)
    await lane.run()
    assert lane.asked == [0, 1, 2, 3]
    assert lane.ends()[1] == ("failed", 3)


async def test_what_has_ended_is_not_made_again(make_config: MakeConfig) -> None:
    lane = Lane(make_config(), lambda row: False)
    await lane.run()
    await lane.run()
    assert lane.asked == [0, 1, 2, 3]


async def test_a_row_that_dies_once_is_made_by_the_next_process(make_config: MakeConfig) -> None:
    lane = Lane(
        make_config(tries={"deaths": 2}), lambda row: row.index == 2 and len(lane.asked) < 4
    )
    await lane.run()
    assert lane.asked == [0, 1, 2, 2, 3]
    assert lane.ends()[2] == ("written", 1)
    assert lane.journal.deaths_alone(0)[read_rows(lane.storage, 0)[2].row_id] == 1


async def test_a_shard_is_published_from_what_its_rows_left(make_config: MakeConfig) -> None:
    lane = Lane(make_config(tries={"deaths": 1}), kills(0))
    await lane.run()
    assert publish_alone(lane.parts.wiring, "webdataset", 0) == "published"
    record = read_record(lane.storage, 0)
    assert record is not None
    assert len(record.written) == 3
    (refused,) = record.refused
    assert (refused.index, refused.status, refused.reasons[0][0]) == (0, "failed", "process_died")
    assert lane.journal.deaths_alone(0) == {}


def test_a_shard_with_a_row_that_has_not_ended_is_not_published(make_config: MakeConfig) -> None:
    lane = Lane(make_config(), lambda row: False)
    first = read_rows(lane.storage, 0)[0]
    status = publish_alone(lane.parts.wiring, "webdataset", 0)
    assert status == f"unpublished: row {first.row_id} has not ended"
    assert read_record(lane.storage, 0) is None
