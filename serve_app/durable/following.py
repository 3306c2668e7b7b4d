"""The events of a kept job, as they come."""

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
    """Every event after number `after_seq`, in order, up to the ending; None where `heartbeat_s`
    seconds passed without one. Ends at once where the ending was read before. `NotFound`."""
    heard_at = clock()
    while True:
        # The state first: a job that had ended before its events were read has no more of them.
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
