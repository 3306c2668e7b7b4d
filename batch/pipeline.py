"""The Ray Data pipeline of one pass: unfinished shards -> engine actors -> writing tasks.

Each item of the pipeline is a whole shard, so that shards are published completely and do not
depend on Ray's block sizes. Images are checked, and made again, inside the engine stage (the checks
run in a pool of CPU actors), because a pipeline cannot send a row back to an earlier stage.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import ray
import ray.data
from ray.data import ActorPoolStrategy

from batch.config import Format, ResourceConfig
from batch.making.generators import Generator, GeneratorParts
from batch.output.outcomes import ShardOutcome
from batch.output.publish import publish_shard
from batch.wiring import Wiring
from engines.errors import InferloopError


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """The result of a pass for one shard."""

    shard: int
    status: str
    """"published", "suspect" (processes died, so its rows must run one by one) or "unpublished"
    (the storage failed)."""


def run_pass(shards: Sequence[int], parts: GeneratorParts) -> Iterator[ShardEnd]:
    """Make and publish the shards; yields the result of each when it ends. Images stay in the
    actors and tasks."""
    _set_up()
    resources = parts.config.resources
    dataset = ray.data.from_items(
        [{"shard": shard} for shard in shards], override_num_blocks=len(shards)
    )
    made = dataset.map_batches(
        Generator,
        fn_constructor_args=(parts,),
        batch_size=1,
        batch_format="pyarrow",
        compute=_pool(resources),
        num_cpus=resources.generator_cpus,
        num_gpus=resources.generator_gpus or None,
        resources=dict(resources.generator_resources) or None,
        # Ray Data restarts actors and repeats their shards without limit. The journal
        # (batch.making.journal) limits the repetitions per shard, so the job does not fail.
    )
    ended = made.map_batches(
        publish_batch,
        fn_kwargs={"wiring": parts.wiring, "output_format": parts.config.output.format},
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=resources.writer_cpus,
    )
    for row in ended.iter_rows():
        yield ShardEnd(row["shard"], row["status"])


def publish_batch(batch: pa.Table, wiring: Wiring, output_format: Format) -> pa.Table:
    """Write one shard. If the storage fails, its status is "unpublished", and the next pass makes
    it again."""
    shard, status = batch["shard"][0].as_py(), batch["status"][0].as_py()
    if status == "made":
        outcome: ShardOutcome = pickle.loads(batch["outcome"][0].as_py())
        try:
            publish_shard(wiring.output(), output_format, outcome)
            status = "published"
        except InferloopError as error:
            status = f"unpublished: {error.message}"
    return pa.table({"shard": [shard], "status": [status]})


def _set_up() -> None:
    """Configure Ray Data: retries of actors whose node was lost while they loaded, and no progress
    bars, because they count blocks instead of rows."""
    context = ray.data.DataContext.get_current()
    context.max_consecutive_actor_init_deaths = 2
    context.enable_progress_bars = False
    # Suppress the warning that progress bars are off.
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    context.print_on_execution_start = False
    # Off, because reading the memory map of a large process every second blocks its allocations.
    context.memory_usage_poll_interval_s = None


def _pool(resources: ResourceConfig) -> ActorPoolStrategy:
    return ActorPoolStrategy(
        size=resources.generators,
        max_tasks_in_flight_per_actor=resources.shards_per_generator,
        max_concurrent_calls_per_actor=resources.shards_per_generator,
    )
