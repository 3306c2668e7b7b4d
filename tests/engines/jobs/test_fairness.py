"""Deficit round robin as arithmetic: simulations of a busy service."""

from __future__ import annotations

from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import Conflict
from engines.jobs.estimates import Standing, eta, position
from engines.jobs.fairness import SHARE, Waiting, credits_after, next_class, next_turn
from engines.jobs.model import PRIORITIES, Job, Owner


class Simulation:
    """Keys with their queued jobs, as their costs in images; one job is made at a time."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[int]] = {}
        self.ring: dict[str, Waiting] = {}
        self.turns = 0

    def submit(self, key: str, *costs: int) -> None:
        self.queues.setdefault(key, deque()).extend(costs)
        if key not in self.ring:
            self.turns = max([self.turns, *(each.turn for each in self.ring.values())]) + 1
            self.ring[key] = Waiting(key, costs[0], turn=self.turns)

    def serve(self) -> tuple[str, int]:
        ring = [
            Waiting(key, self.queues[key][0], each.deficit, each.turn)
            for key, each in self.ring.items()
        ]
        turn = next_turn(ring)
        self.ring.update({each.owner: each for each in turn.changed})
        cost = self.queues[turn.owner].popleft()
        if not self.queues[turn.owner]:
            del self.ring[turn.owner]
        return turn.owner, cost


def test_ten_thousand_jobs_delay_another_keys_one_by_at_most_one_image() -> None:
    service = Simulation()
    service.submit("busy", *[1] * 10_000)
    for _ in range(100):
        service.serve()
    service.submit("single", 1)
    assert "single" in [service.serve()[0] for _ in range(2)]


def test_ten_thousand_batches_delay_another_keys_image_no_longer() -> None:
    service = Simulation()
    service.submit("busy", *[64] * 10_000)
    service.serve()
    service.submit("single", 1)
    assert service.serve() == ("single", 1)


def test_a_key_among_many_waits_one_image_for_each() -> None:
    service = Simulation()
    for number in range(50):
        service.submit(f"busy{number}", *[1] * 100)
    service.submit("single", 1)
    served = [service.serve()[0] for _ in range(51)]
    assert "single" in served
    assert max(Counter(served).values()) == 1


@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.lists(st.integers(1, 64), min_size=1, max_size=30),
        min_size=1,
    )
)
def test_everything_is_served_once_and_backlogged_keys_stay_together(
    queues: dict[str, list[int]],
) -> None:
    service = Simulation()
    for key, costs in queues.items():
        service.submit(key, *costs)
    images: Counter[str] = Counter()
    served: dict[str, list[int]] = {key: [] for key in queues}
    while service.ring:
        key, cost = service.serve()
        images[key] += cost
        served[key].append(cost)
        waiting = list(service.ring)
        # Shreedhar and Varghese, theorem 3: the bound is the largest job and the quantum.
        for one in waiting:
            for other in waiting:
                assert abs(images[one] - images[other]) <= 2 * 64 + 1
    assert served == queues


class Classes:
    """Classes with an endless queue each, of jobs of one size."""

    def __init__(self, **costs: int) -> None:
        self.costs = {
            number: costs[name] for number, name in enumerate(PRIORITIES) if name in costs
        }
        self.credits: dict[int, int] = {}
        self.images: Counter[str] = Counter()

    def serve(self, count: int) -> list[str]:
        served: list[str] = []
        for _ in range(count):
            each = next_class(self.costs, self.credits)
            self.credits = credits_after(self.costs, self.credits, each, self.costs[each])
            served.append(PRIORITIES[each])
            self.images[PRIORITIES[each]] += self.costs[each]
        return served


def test_a_low_class_is_served_once_in_ten_however_much_waits_above() -> None:
    classes = Classes(low=1, high=1)
    assert classes.serve(SHARE + 1) == ["high"] * SHARE + ["low"]
    classes.serve(990)
    assert classes.images == {"high": 900, "low": 100}


def test_every_class_has_its_share() -> None:
    classes = Classes(low=1, normal=1, high=1)
    classes.serve(10_000)
    total = sum(classes.images.values())
    assert classes.images["low"] >= total * 0.08
    assert classes.images["normal"] >= total * 0.08
    assert classes.images["high"] > total * 0.75


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64))
def test_the_share_is_counted_in_images(low: int, normal: int, high: int) -> None:
    classes = Classes(low=low, normal=normal, high=high)
    classes.serve(1_000)
    total = sum(classes.images.values())
    for name in ("low", "normal"):
        assert 0.05 < classes.images[name] / total < 0.2


def test_a_class_alone_is_served_and_earns_nothing() -> None:
    classes = Classes(low=1)
    assert classes.serve(100) == ["low"] * 100
    assert classes.credits == {}


def test_a_class_that_waits_no_more_loses_what_it_earned() -> None:
    assert credits_after({1, 2}, {0: 8, 1: 8}, served=2, cost=1) == {1: 9}


def test_a_class_whose_keys_are_passed_over_keeps_what_it_earned() -> None:
    after = credits_after({2}, {0: 8, 1: 3}, served=2, cost=1, passed_over={0})
    assert after == {0: 8}


def test_no_class_serves_nobody() -> None:
    with pytest.raises(Conflict):
        next_class((), {})


def test_an_empty_ring_serves_nobody() -> None:
    with pytest.raises(Conflict):
        next_turn([])


def test_only_the_served_key_moves_when_all_jobs_are_single_images() -> None:
    """A claim writes one row, however many keys wait."""
    turn = next_turn([Waiting("a", 1, turn=7), Waiting("b", 1, turn=5), Waiting("c", 1, turn=6)])
    assert turn.owner == "b"
    assert turn.changed == (Waiting("b", 1, 0, turn=8),)


def job(state: str = "running", done: int = 0, total: int = 0) -> Job:
    return Job(
        "j", 1, Owner("k", "n"), "generate", "normal", 1, None, True, state, 1, False,  # type: ignore[arg-type]
        created_at=0.0, started_at=100.0, done=done, total=total,
    )  # fmt: skip


def test_a_running_job_is_estimated_by_its_own_pace() -> None:
    estimate = eta(job(done=10, total=50), Standing(0, (), 0, 1, (99.0,)), now=105.0)
    assert estimate is not None
    assert estimate.seconds == 20.0
    assert estimate.basis == "its own pace: 10 of 50 in 5.0 s"


def test_an_ended_job_has_no_estimate() -> None:
    assert eta(job("succeeded", 50, 50), Standing(0, (), 0, 1, (99.0,)), now=105.0) is None


def test_the_place_counts_a_turn_of_each_other_key() -> None:
    assert position(Standing(0, (10_000, 1), 0, 8, ())) == 3
    assert position(Standing(2, (10_000, 1), 5, 8, ())) == 5 + 3 + 3 + 1


def test_higher_classes_leave_a_share() -> None:
    assert position(Standing(0, (), 10_000, 8, ())) == SHARE + 1
    assert position(Standing(1, (5,), 10_000, 8, ())) == (SHARE + 1) * 4
