"""The batch scheduler by example: order, budget, turns, ends, and models that come and go."""

from __future__ import annotations

from collections import Counter

import pytest

from engines.diffusion.scheduling.scheduler import (
    Batch,
    BatchScheduler,
    LaneKey,
    Residency,
    Ticket,
)
from engines.errors import Overloaded
from tests.engines.diffusion.rig import FakeClock
from tests.engines.diffusion.scheduling.schedulers import (
    BUDGET_PX,
    KEYS,
    must_batch,
    ready,
    scheduler_of,
    ticket,
)


def test_requests_of_one_lane_share_a_step_in_order_of_arrival() -> None:
    batch = must_batch(scheduler_of(ticket("x"), ticket("y"), ticket("z", KEYS[1])))
    assert batch == Batch(KEYS[0], ("x", "y"), 4)


def test_the_budget_holds_and_gaps_are_filled() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=6), ticket("y", cost_px=4), ticket("z", cost_px=2))
    assert must_batch(scheduler).places == ("x", "z")


def test_who_fills_a_gap_gives_way_to_the_earlier_request() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=6), ticket("y", cost_px=8), ticket("z", cost_px=2))
    assert must_batch(scheduler).places == ("x", "z")
    scheduler.finish_steps("x")
    assert must_batch(scheduler).places == ("y",)


def test_a_request_beyond_the_budget_runs_alone() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=99), ticket("y"))
    assert must_batch(scheduler) == Batch(KEYS[0], ("x",), 99)


def test_lanes_take_turns() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=8), ticket("y", KEYS[1], cost_px=8))
    keys = [must_batch(scheduler).key for _ in range(6)]
    assert Counter(keys) == {KEYS[0]: 3, KEYS[1]: 3}


def test_a_cheap_lane_gets_more_steps_but_boundedly_so() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=8), ticket("y", KEYS[1], cost_px=1))
    keys = [must_batch(scheduler).key for _ in range(50)]
    assert Counter(keys) == {KEYS[0]: 10, KEYS[1]: 40}


def test_a_late_lane_does_not_catch_up_on_the_past() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=8))
    for _ in range(100):
        must_batch(scheduler)
    scheduler.add(ticket("y", KEYS[1], cost_px=8))
    keys = [must_batch(scheduler).key for _ in range(10)]
    assert Counter(keys) == {KEYS[0]: 5, KEYS[1]: 5}


def test_the_queue_is_bounded_and_says_when_to_come_back() -> None:
    scheduler = scheduler_of(ticket("x"), ticket("y"), max_queued=2)
    with pytest.raises(Overloaded) as refused:
        scheduler.add(ticket("z"), retry_after_s=7.0)
    assert refused.value.retry_after_s == 7.0
    must_batch(scheduler)
    scheduler.add(ticket("z"))
    assert (scheduler.queued, scheduler.running) == (1, 2)


def test_an_id_twice_is_refused() -> None:
    scheduler = scheduler_of(ticket("x"))
    with pytest.raises(ValueError, match="already"):
        scheduler.add(ticket("x"))


@pytest.mark.parametrize("stage", ["queued", "running", "decoding"])
def test_cancel_frees_at_every_stage(stage: str) -> None:
    scheduler = scheduler_of(ticket("x"))
    if stage != "queued":
        must_batch(scheduler)
    if stage == "decoding":
        scheduler.finish_steps("x")
    scheduler.cancel("x")
    assert scheduler.reap() == [("x", "canceled")]
    assert scheduler.reap() == []
    assert scheduler.next_batch(ready) is None
    assert scheduler.to_decode() == ()
    assert (scheduler.queued, scheduler.running, scheduler.decoding) == (0, 0, 0)


def test_cancel_of_a_stranger_is_fine() -> None:
    scheduler = scheduler_of()
    scheduler.cancel("nobody")
    scheduler.remove("nobody")
    assert scheduler.reap() == []


def test_deadlines_end_requests_and_not_before() -> None:
    clock = FakeClock()
    scheduler = BatchScheduler(BUDGET_PX, 10, clock)
    scheduler.add(Ticket("x", KEYS[0], 2, deadline_at=5.0))
    scheduler.add(Ticket("y", KEYS[0], 2))
    clock.advance(4.9)
    assert scheduler.reap() == []
    clock.advance(0.1)
    assert scheduler.reap() == [("x", "late")]
    assert must_batch(scheduler).places == ("y",)


def test_canceled_and_late_ends_once() -> None:
    clock = FakeClock()
    scheduler = BatchScheduler(BUDGET_PX, 10, clock)
    scheduler.add(Ticket("x", KEYS[0], 2, deadline_at=1.0))
    clock.advance(2.0)
    scheduler.cancel("x")
    assert scheduler.reap() == [("x", "canceled")]


def test_latents_are_decoded_in_the_order_they_were_finished() -> None:
    scheduler = scheduler_of(ticket("x"), ticket("y"), ticket("z"))
    must_batch(scheduler)
    for place in ("y", "x"):
        scheduler.finish_steps(place)
    assert must_batch(scheduler).places == ("z",)
    assert scheduler.to_decode() == ("y", "x")
    scheduler.remove("y")
    assert scheduler.to_decode() == ("x",)


def test_the_budget_shrinks_after_trouble_and_comes_back() -> None:
    scheduler = scheduler_of(*(ticket(str(index)) for index in range(4)))
    assert must_batch(scheduler).cost_px == 8
    scheduler.shrink_budget(8)
    assert must_batch(scheduler).cost_px == 4
    for _ in range(400):
        last = must_batch(scheduler)
    assert last.cost_px == 8
    assert scheduler.budget_px == BUDGET_PX


class TestModels:
    def test_a_loading_model_holds_nobody_up(self) -> None:
        scheduler = scheduler_of(ticket("x"), ticket("y", KEYS[3]))
        states = {"a": Residency.LOADING, "b": Residency.READY}
        for _ in range(3):
            batch = scheduler.next_batch(states.__getitem__)
            assert batch is not None
            assert batch.places == ("y",)

    def test_a_model_without_room_drains_the_others_and_then_gets_in(self) -> None:
        scheduler = scheduler_of(ticket("x"), ticket("y", KEYS[3]))
        states = {"a": Residency.READY, "b": Residency.NO_ROOM}
        first = scheduler.next_batch(states.__getitem__)
        assert first is not None
        scheduler.next_batch(states.__getitem__)
        scheduler.add(ticket("late"))
        draining = scheduler.next_batch(states.__getitem__)
        assert draining is not None
        assert draining.places == ("x",), "a new request would have kept the model in use"
        scheduler.finish_steps("x")
        assert scheduler.next_batch(states.__getitem__) is None
        states = {"a": Residency.NO_ROOM, "b": Residency.READY}
        swapped = scheduler.next_batch(states.__getitem__)
        assert swapped is not None
        assert swapped.places == ("y",)

    def test_a_wanted_model_that_nobody_waits_for_any_more_blocks_nobody(self) -> None:
        scheduler = scheduler_of(ticket("x"), ticket("y", KEYS[3]))
        states = {"a": Residency.READY, "b": Residency.NO_ROOM}
        for _ in range(3):
            scheduler.next_batch(states.__getitem__)
        scheduler.cancel("y")
        scheduler.reap()
        scheduler.add(ticket("late"))
        batch = scheduler.next_batch(states.__getitem__)
        assert batch is not None
        assert batch.places == ("x", "late")


def test_requests_that_run_alone_share_no_step_and_take_turns_with_the_others() -> None:
    alone = LaneKey("a", alone=True)
    scheduler = scheduler_of(ticket("x", alone), ticket("y", alone), ticket("z"))
    picked = [must_batch(scheduler).places for _ in range(4)]
    assert Counter(picked) == {("x",): 2, ("z",): 2}
    scheduler.finish_steps("x")
    assert ("y",) in [must_batch(scheduler).places for _ in range(2)]


def test_a_request_that_became_lighter_leaves_room() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=8), ticket("y", cost_px=4))
    assert must_batch(scheduler).places == ("x",)
    scheduler.weigh("x", 4)
    assert must_batch(scheduler) == Batch(KEYS[0], ("x", "y"), 8)


def test_the_weight_of_a_request_that_has_left_is_of_no_interest() -> None:
    scheduler = scheduler_of(ticket("x", cost_px=8))
    scheduler.finish_steps("x")
    scheduler.weigh("x", 1)
    scheduler.remove("x")
    scheduler.weigh("x", 1)
    assert scheduler.next_batch(ready) is None
