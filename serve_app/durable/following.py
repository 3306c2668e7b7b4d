"""Follows the events of a durable job."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from engines.jobs.model import JobEvent
from engines.protocols import Clock
from serve_app.durable.keeping import KeptJobs

LOOK_AGAIN_S = 0.25
PAGE = 100


async def follow(
    kept: KeptJobs,
    job_id: str,
    after_seq: int,
    heartbeat_s: float,
    clock: Clock = time.monotonic,
) -> AsyncGenerator[JobEvent | None, None]:
    """Yields the events after number `after_seq`, in order, up to and including the ending.

    Yields None after `heartbeat_s` seconds without an event. Yields nothing if `after_seq` is the
    ending. Raises `NotFound` for an unknown job.
    """
    heard_at = clock()
    while True:
        # Read the state first: no event is added to a job after it has ended.
        job = await kept.ask(kept.store.get, job_id)
        events = await kept.ask(kept.store.events, job_id, after_seq, PAGE)
        for event in events:
            yield event
            after_seq, heard_at = event.seq, clock()
        if events:
            continue
        if job.ended:
            return
        await kept.news(LOOK_AGAIN_S, job_id)
        if clock() - heard_at >= heartbeat_s:
            yield None
            heard_at = clock()
