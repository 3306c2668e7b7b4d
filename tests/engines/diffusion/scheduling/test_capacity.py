"""Queue bounds and autoscaling targets follow from the budget of a step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.diffusion.config import EngineConfig
from engines.diffusion.scheduling.capacity import Capacity, capacity, guided_requests_in_step
from engines.diffusion.scheduling.scheduler import BatchScheduler, LaneKey, Residency, Ticket
from engines.diffusion.sizes import SizeRule, plan
from tests.engines.diffusion.rig import FakeClock, request, tiny_entry

GRID_PX = 8


def bounds(*native_sizes_px: int, budget_px: int = 65_536, max_queued: int = 64) -> Capacity:
    """Of an engine with a model of each size, all on a grid of eight pixels."""
    models = tuple(
        tiny_entry(id=str(index), native_size_px=size) for index, size in enumerate(native_sizes_px)
    )
    config = EngineConfig(models=models, max_step_latent_px=budget_px, max_queued=max_queued)
    return capacity(config, dict.fromkeys((entry.id for entry in models), SizeRule(GRID_PX)))


@pytest.mark.parametrize(
    ("native_size_px", "target", "ongoing", "queued"),
    [(512, 8, 16, 128), (768, 3, 6, 64), (1024, 2, 4, 64)],
)
def test_the_known_models(native_size_px: int, target: int, ongoing: int, queued: int) -> None:
    """SD 1.x, SD 2.x and SDXL at the default budget of 16 rows of 512 px."""
    assert bounds(native_size_px) == Capacity(target, ongoing, queued)


def test_a_model_larger_than_the_budget_still_runs_alone() -> None:
    assert bounds(1024, budget_px=100) == Capacity(1, 2, 64)


def test_of_two_models_the_costlier_sets_the_target_the_cheaper_the_room() -> None:
    both, cheap, costly = bounds(512, 1024), bounds(512), bounds(1024)
    assert both.target_ongoing_requests == costly.target_ongoing_requests
    assert both.max_ongoing_requests == cheap.max_ongoing_requests


def test_never_more_inside_than_the_engine_queues() -> None:
    assert bounds(64, max_queued=5) == Capacity(5, 5, 64)


@given(
    budget_px=st.integers(1, 200_000),
    native_size_px=st.integers(64, 1024),
    grid_px=st.sampled_from([8, 16, 32]),
)
def test_it_is_what_the_scheduler_really_puts_into_a_step(
    budget_px: int, native_size_px: int, grid_px: int
) -> None:
    """As many guided requests of the native size as it says, and not one more."""
    count = guided_requests_in_step(budget_px, native_size_px, SizeRule(grid_px))
    wanted = request(width=native_size_px, height=native_size_px, guidance_scale=7.5)
    key, cost_px = plan(wanted, "m", SizeRule(grid_px))
    found = first_batch(key, cost_px, min(count + 1, 300), budget_px)
    assert found == min(count, 300)


def first_batch(key: LaneKey, cost_px: int, offered: int, budget_px: int) -> int:
    scheduler = BatchScheduler(budget_px, max_queued=offered, clock=FakeClock())
    for index in range(offered):
        scheduler.add(Ticket(str(index), key, cost_px))
    batch = scheduler.next_batch(lambda _: Residency.READY)
    assert batch is not None
    return len(batch.places)


@given(
    sizes=st.lists(st.integers(64, 1024), min_size=1, max_size=3),
    budget_px=st.integers(1, 200_000),
    max_queued=st.integers(1, 300),
)
def test_the_bounds_stand_in_order(sizes: list[int], budget_px: int, max_queued: int) -> None:
    """Autoscaling can reach its target, the engine refuses nothing that Serve lets in, and the
    router holds at least what a replica does."""
    found = bounds(*sizes, budget_px=budget_px, max_queued=max_queued)
    assert 1 <= found.target_ongoing_requests <= found.max_ongoing_requests <= max_queued
    assert found.max_queued_requests >= found.max_ongoing_requests
