"""A batch scheduler with a small budget, for its tests."""

from __future__ import annotations

from engines.diffusion.scheduling.scheduler import Batch, BatchScheduler, LaneKey, Residency, Ticket
from tests.engines.diffusion.rig import FakeClock

BUDGET_PX = 8
KEYS = [
    LaneKey("a"),
    LaneKey("a", height=768),
    LaneKey("a", lora="style"),
    LaneKey("b"),
]


def ready(model_id: str) -> Residency:
    return Residency.READY


def scheduler_of(
    *tickets: Ticket, budget_px: int = BUDGET_PX, max_queued: int = 100
) -> BatchScheduler:
    scheduler = BatchScheduler(budget_px, max_queued, FakeClock())
    for ticket in tickets:
        scheduler.add(ticket)
    return scheduler


def ticket(place: str, key: LaneKey = KEYS[0], cost_px: int = 2) -> Ticket:
    return Ticket(place, key, cost_px)


def must_batch(scheduler: BatchScheduler) -> Batch:
    batch = scheduler.next_batch(ready)
    assert batch is not None
    return batch
