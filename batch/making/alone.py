"""Make shards during which processes died. Their rows run one by one, so that if the process dies
again, the row that causes it is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError

from batch.config import Format
from batch.making.generators import GeneratorParts, build_maker
from batch.making.journal import Journal
from batch.output.outcome_json import outcome_from_json, outcome_to_json
from batch.output.outcomes import Outcome, Reason, ShardOutcome
from batch.output.publish import publish_shard
from batch.pipeline import ShardEnd
from batch.planning.plan import read_rows
from batch.planning.rows import PlannedRow
from batch.wiring import Wiring
from engines.errors import InferloopError

logger = logging.getLogger(__name__)

LoneHandle = Any
"""Handle of a `LoneMaker` actor. Ray creates the class at run time, so there is no static type."""


class LoneMaker:
    """Makes one row at a time, and stores each outcome for later processes."""

    def __init__(self, parts: GeneratorParts) -> None:
        self._journal = Journal(parts.wiring.output())
        self._engine, self._maker, self._teller = build_maker(parts)

    async def make(self, shard: int, row: PlannedRow) -> None:
        """Make a row and store its outcome. Raises if the engine has ended; then the caller must
        start another process."""
        outcomes = await self._maker.make_all((row,))
        self._teller.flush()
        await asyncio.to_thread(
            self._journal.save_alone, shard, row.row_id, outcome_to_json(outcomes[0])
        )


def start_maker(parts: GeneratorParts) -> LoneHandle:
    """Start a `LoneMaker` actor, which Ray does not restart."""
    resources = parts.config.resources
    actor = ray.remote(LoneMaker).options(
        num_cpus=resources.generator_cpus,
        num_gpus=resources.generator_gpus,
        resources=dict(resources.generator_resources),
        max_restarts=0,
    )
    return actor.remote(parts)


async def publish_in_a_task(parts: GeneratorParts, shard: int) -> str:
    """Run `publish_alone` as a Ray task."""
    task = ray.remote(publish_alone).options(num_cpus=parts.config.resources.writer_cpus)
    status: str = await task.remote(parts.wiring, parts.config.output.format, shard)
    return status


class LoneLane:
    """Runs rows in one process, and starts another when it dies.

    `start`, `publish` and `end` are parameters for tests.
    """

    def __init__(
        self,
        parts: GeneratorParts,
        start: Callable[[GeneratorParts], LoneHandle] = start_maker,
        publish: Callable[[GeneratorParts, int], Awaitable[str]] = publish_in_a_task,
        end: Callable[[LoneHandle], None] = ray.kill,
    ) -> None:
        self._parts = parts
        self._start, self._publish, self._end = start, publish, end
        self._storage = parts.wiring.output()
        self._journal = Journal(self._storage)
        self._actor: LoneHandle | None = None

    async def run_shard(self, shard: int) -> ShardEnd:
        """Make the rows of the shard that have no outcome yet, then publish the shard."""
        try:
            deaths = self._journal.deaths_alone(shard)
            for row in read_rows(self._storage, shard):
                if not self._journal.has_alone(shard, row.row_id):
                    await self._run_row(shard, row, deaths.get(row.row_id, 0))
        except InferloopError as error:
            return ShardEnd(shard, f"unpublished: {error.message}")
        return ShardEnd(shard, await self._publish(self._parts, shard))

    def close(self) -> None:
        """End the process."""
        if self._actor is not None:
            self._end(self._actor)
            self._actor = None

    async def _run_row(self, shard: int, row: PlannedRow, deaths: int) -> None:
        while deaths < self._parts.config.tries.deaths:
            mark = self._journal.open_alone(shard, row.row_id)
            if self._actor is None:
                self._actor = self._start(self._parts)
            try:
                await self._actor.make.remote(shard, row)
            except RayActorError:
                self._actor = None
                deaths += 1
                logger.warning("the process of row %s died, %d times so far", row.row_id, deaths)
                continue
            self._journal.close_alone(mark)
            return
        message = f"the process died {deaths} times while the row ran alone in it"
        given_up = Outcome(
            row.row_id,
            row.index,
            "failed",
            deaths,
            (Reason("process_died", message),),
            None,
            row.parameters,
        )
        self._journal.save_alone(shard, row.row_id, outcome_to_json(given_up))


async def run_alone(shards: Sequence[int], parts: GeneratorParts) -> list[ShardEnd]:
    """Make these shards, as many in parallel as the job has engine actors."""
    waiting = list(reversed(shards))
    ends: list[ShardEnd] = []

    async def work() -> None:
        lane = LoneLane(parts)
        try:
            while waiting:
                ends.append(await lane.run_shard(waiting.pop()))
        finally:
            lane.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(parts.config.resources.generators, len(shards))):
            group.create_task(work())
    return ends


def publish_alone(wiring: Wiring, output_format: Format, shard: int) -> str:
    """Collect the outcomes of the rows and publish the shard."""
    storage = wiring.output()
    journal = Journal(storage)
    outcomes: list[Outcome] = []
    try:
        for row in read_rows(storage, shard):
            found = journal.load_alone(shard, row.row_id)
            if found is None:
                return f"unpublished: row {row.row_id} has not ended"
            outcomes.append(outcome_from_json(found))
        wall_s = sum(o.image.engine_s for o in outcomes if o.image)
        publish_shard(storage, output_format, ShardOutcome(shard, tuple(outcomes), wall_s))
    except InferloopError as error:
        return f"unpublished: {error.message}"
    return "published"
