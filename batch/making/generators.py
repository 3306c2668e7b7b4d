"""The engine actor of the pipeline, which makes and checks the images of shards."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from batch.config import JobConfig
from batch.making.attempts import RowMaker
from batch.making.checkers import CheckerHandle, CheckerPool, lone_checker
from batch.making.journal import Journal
from batch.output.outcomes import ShardOutcome
from batch.output.records import is_finished
from batch.planning.plan import read_rows
from batch.progress import BoardHandle, Teller
from batch.wiring import Wiring, library_versions
from engines.errors import InferloopError, ReplicaLost

if TYPE_CHECKING:
    from engines.protocols import DiffusionEngine

SCHEMA = pa.schema([("shard", pa.int64()), ("status", pa.string()), ("outcome", pa.large_binary())])
"""`outcome`: a pickled `ShardOutcome` if `status` is "made", else empty."""


@dataclass(frozen=True)
class GeneratorParts:
    """The parts that an engine actor is built from."""

    wiring: Wiring
    config: JobConfig
    created_at: datetime
    checkers: Sequence[CheckerHandle]
    board: BoardHandle


def build_maker(parts: GeneratorParts) -> tuple[DiffusionEngine, RowMaker, Teller]:
    """A started engine, the `RowMaker` that uses it, and its `Teller`."""
    engine = parts.wiring.engine()
    engine.start()
    teller = Teller(parts.board)
    in_flight = parts.config.resources.in_flight
    alone = lone_checker(parts.wiring)
    pool = CheckerPool(parts.checkers, parts.config.tries.deaths, alone)
    maker = RowMaker(
        engine=engine,
        check=pool.check,
        match=parts.wiring.matching(),
        config=parts.config,
        versions=library_versions(),
        created_at=parts.created_at,
        slots=asyncio.Semaphore(in_flight),
        room=asyncio.Semaphore(2 * in_flight),
        tell=teller.tell,
        marks=parts.wiring.marks(),
    )
    return engine, maker, teller


class Generator:
    """The engine actor. Ray Data calls it for several shards at the same time; their rows share the
    engine's steps."""

    def __init__(self, parts: GeneratorParts) -> None:
        self._parts = parts
        self._storage = parts.wiring.output()
        self._journal = Journal(self._storage)
        self._engine, self._maker, self._teller = build_maker(parts)

    async def __call__(self, batch: pa.Table) -> pa.Table:
        """Make one shard. Returns one row with the status "made", "published" (by an earlier run),
        "suspect" (processes died) or "unpublished" (storage failed)."""
        shard = int(batch["shard"][0].as_py())
        try:
            return await self._shard(shard)
        except InferloopError as error:  # the storage failed; the next pass tries again
            return _row(shard, f"unpublished: {error.message}")

    async def _shard(self, shard: int) -> pa.Table:
        if await asyncio.to_thread(is_finished, self._storage, shard):
            return _row(shard, "published")
        deaths = await asyncio.to_thread(self._journal.unfinished_runs, shard)
        if deaths >= self._parts.config.tries.shard_deaths:
            return _row(shard, "suspect")
        mark = await asyncio.to_thread(self._journal.open_run, shard)
        try:
            return _row(shard, "made", pickle.dumps(await self._make(shard)))
        finally:
            await asyncio.to_thread(self._journal.close_run, mark)

    async def _make(self, shard: int) -> ShardOutcome:
        started = time.monotonic()
        rows = await asyncio.to_thread(read_rows, self._storage, shard)
        try:
            outcomes = await self._maker.make_all(rows)
        except* ReplicaLost:
            # The engine's thread has died, so no row in this process can end. Exit, so that Ray
            # starts another process and the journal counts a death.
            os._exit(1)
        self._teller.flush()
        return ShardOutcome(shard, outcomes, time.monotonic() - started)


def _row(shard: int, status: str, outcome: bytes = b"") -> pa.Table:
    return pa.table({"shard": [shard], "status": [status], "outcome": [outcome]}, schema=SCHEMA)
