"""Proof (b): what holds for the batch scheduler whatever happens."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.diffusion.scheduling.scheduler import Batch, BatchScheduler, LaneKey, Ticket
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

arrivals = st.tuples(
    st.just("add"),
    st.sampled_from(KEYS),
    st.integers(1, 12),
    st.integers(1, 6),
    st.one_of(st.none(), st.integers(1, 30)),
)
turns = st.tuples(st.just("step"))
cancels = st.tuples(st.just("cancel"), st.integers(0, 40))
troubles = st.tuples(st.just("trouble"))
histories = st.lists(st.one_of(arrivals, arrivals, turns, turns, turns, cancels, troubles))


class Model:
    """Plays a history against the scheduler and checks it after every turn."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.scheduler = BatchScheduler(BUDGET_PX, 6, self.clock)
        self.cost_px: dict[str, int] = {}
        self.key: dict[str, LaneKey] = {}
        self.steps_left: dict[str, int] = {}
        self.ends: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.waited: Counter[str] = Counter()

    def add(self, key: LaneKey, cost_px: int, steps: int, deadline_s: int | None) -> None:
        place = f"image-{len(self.cost_px)}"
        deadline_at = None if deadline_s is None else self.clock() + deadline_s
        self.cost_px[place], self.key[place] = cost_px, key
        try:
            self.scheduler.add(Ticket(place, key, cost_px, deadline_at))
        except Overloaded:
            assert self.scheduler.queued == 6
            self.refused.add(place)
        else:
            self.steps_left[place] = steps

    def cancel(self, number: int) -> None:
        self.scheduler.cancel(f"image-{number}")

    def trouble(self) -> None:
        self.scheduler.shrink_budget(BUDGET_PX)

    def step(self) -> None:
        self.clock.advance(1.0)
        for place, _ in self.scheduler.reap():
            self.end(place)
        alive = [each for each in self.steps_left if not self.ends[each]]
        batch = self.scheduler.next_batch(ready)
        assert (batch is None) == all(self.steps_left[each] == 0 for each in alive)
        if batch is not None:
            self.check(batch)
            self.run(batch)
        for decoded in self.scheduler.to_decode()[:1]:
            self.scheduler.remove(decoded)
            self.end(decoded)

    def check(self, batch: Batch) -> None:
        costs = [self.cost_px[each] for each in batch.places]
        assert sum(costs) == batch.cost_px
        assert sum(costs) <= self.scheduler.budget_px or len(costs) == 1
        assert all(self.key[each] == batch.key for each in batch.places)
        assert not any(self.ends[each] for each in batch.places)
        assert list(batch.places) == sorted(batch.places, key=lambda each: int(each[6:]))
        oldest = next(
            each
            for each, steps in self.steps_left.items()
            if steps and not self.ends[each] and self.key[each] == batch.key
        )
        assert batch.places[0] == oldest, "first come, first served within a lane"

    def run(self, batch: Batch) -> None:
        for each, steps in self.steps_left.items():
            if steps and not self.ends[each]:
                self.waited[each] = 0 if each in batch.places else self.waited[each] + 1
        for each in batch.places:
            self.steps_left[each] -= 1
            if self.steps_left[each] == 0:
                self.scheduler.finish_steps(each)

    def end(self, place: str) -> None:
        self.ends[place] += 1


@settings(max_examples=150)
@given(histories)
def test_budget_order_and_one_end_hold_in_every_history(history: list[tuple[Any, ...]]) -> None:
    model = Model()
    for name, *arguments in history:
        getattr(model, name)(*arguments)
        scheduler = model.scheduler
        assert 0 <= scheduler.queued <= 6
        assert scheduler.queued + scheduler.running == len(scheduler.places())
    for _ in range(2000):
        if not model.scheduler.places():
            break
        model.step()
    assert model.scheduler.places() == ()
    assert all(model.ends[each] == 1 for each in model.steps_left), "every request ends once"
    assert not any(model.ends[each] for each in model.refused)


@settings(max_examples=80)
@given(
    costs=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    crowd=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    first=st.integers(0, 50),
)
def test_no_lane_starves_under_a_crowd_that_never_ends(
    costs: list[int], crowd: list[int], first: int
) -> None:
    """Every other lane always has work. Between two steps of a lane, each of them runs at most
    as often as its cheapest step fits into our dearest, plus one."""
    lanes = [LaneKey("a", height=8 * index) for index in range(len(crowd) + 1)]
    scheduler = BatchScheduler(BUDGET_PX, 100, FakeClock())
    for index, cost_px in enumerate(crowd):
        scheduler.add(Ticket(f"crowd-{index}", lanes[index], cost_px))
    for _ in range(first):
        must_batch(scheduler)
    for index, cost_px in enumerate(costs):
        scheduler.add(Ticket(f"ours-{index}", lanes[-1], cost_px))
    least, most = BUDGET_PX // 4, max(BUDGET_PX, *costs)
    bound = sum(most // max(least, cost_px) + 1 for cost_px in crowd)
    waited = 0
    for _ in range(100):
        if must_batch(scheduler).key == lanes[-1]:
            waited = 0
        else:
            waited += 1
        assert waited <= bound


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 5)), min_size=1, max_size=12))
def test_no_request_starves_behind_its_lane(shapes: list[tuple[int, int]]) -> None:
    """Alone in its lane, a request waits at most for the steps of all that came before it."""
    scheduler = scheduler_of(
        *(ticket(str(index), cost_px=cost_px) for index, (cost_px, _) in enumerate(shapes))
    )
    left = {str(index): steps for index, (_, steps) in enumerate(shapes)}
    done_at: dict[str, int] = {}
    turn = 0
    while left:
        turn += 1
        for place in must_batch(scheduler).places:
            left[place] -= 1
            if left[place] == 0:
                del left[place]
                done_at[place] = turn
                scheduler.finish_steps(place)
    before = 0
    for index, (_, steps) in enumerate(shapes):
        before += steps
        assert done_at[str(index)] <= before
