"""The Ray Data pipeline of one pass: pending shards -> engine actors -> writing tasks.

The unit that travels is a whole shard, so that what is published is always whole and a shard's
rows never depend on how Ray cuts its blocks. Judging and trying again happen inside the engine
stage (against a pool of CPU actors), because a stream of stages has no way back: a row that
fails joins the running batch again at the next step, on the same engine.
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
    """What became of a shard in a pass."""

    shard: int
    status: str
    """published, suspect (its rows must run one by one) or unpublished (storage trouble)."""


def run_pass(shards: Sequence[int], parts: GeneratorParts) -> Iterator[ShardEnd]:
    """Make and publish the shards; yields each as it ends. Only these small rows come here."""
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
        # Ray Data restarts actors and repeats their shards for ever; what ends that is the
        # journal (jobs.journal), not a count that would fail the whole job.
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
    """Write one made shard; trouble with the storage leaves it for the next pass."""
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
    """A node may be lost while an engine loads; one that never loads ends the job. Our own
    progress counts rows; Ray Data's counts blocks, and is off."""
    context = ray.data.DataContext.get_current()
    context.max_consecutive_actor_init_deaths = 2
    context.enable_progress_bars = False
    # Ray Data warns on every run that its progress bars are off.
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    context.print_on_execution_start = False
    # Reading a large process's memory map once a second halts its allocations meanwhile.
    context.memory_usage_poll_interval_s = None


def _pool(resources: ResourceConfig) -> ActorPoolStrategy:
    return ActorPoolStrategy(
        size=resources.generators,
        max_tasks_in_flight_per_actor=resources.shards_per_generator,
        max_concurrent_calls_per_actor=resources.shards_per_generator,
    )
