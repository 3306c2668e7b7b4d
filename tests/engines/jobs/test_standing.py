"""Places and estimates against a queue that is played through turn by turn."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import Conflict
from engines.jobs.estimates import Standing, eta, position
from engines.jobs.fairness import (
    QUANTUM,
    SHARE,
    Turn,
    Waiting,
    credits_after,
    next_class,
    next_turn,
)
from engines.jobs.model import Job
from tests.engines.jobs.test_records import JOB


def standing(
    own_ahead: int = 0,
    others: tuple[int, ...] = (),
    higher: int = 0,
    running: int = 0,
    recent_s: tuple[float, ...] = (),
) -> Standing:
    return Standing(own_ahead, others, higher, running, recent_s)


def job(**changes: object) -> Job:
    return dataclasses.replace(JOB, **changes)  # type: ignore[arg-type]


# Places


def test_the_only_job_is_the_next() -> None:
    assert position(standing()) == 1


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (standing(own_ahead=4), 5),
        (standing(others=(1,)), 2),
        (standing(others=(100,)), 2),
        (standing(own_ahead=2, others=(100,)), 6),
        (standing(own_ahead=2, others=(1, 2, 3, 4)), 12),
        (standing(higher=5), 6),
        (standing(higher=1000), 10),
        (standing(own_ahead=1, higher=1000), 20),
    ],
)
def test_a_place_counts_turns(found: Standing, place: int) -> None:
    assert position(found) == place


@given(st.integers(0, 50), st.lists(st.integers(0, 50), max_size=6), st.integers(0, 500))
def test_more_jobs_ahead_never_give_an_earlier_place(
    own_ahead: int, others: list[int], higher: int
) -> None:
    found = standing(own_ahead, tuple(others), higher)
    place = position(found)
    assert own_ahead + 1 <= place <= own_ahead + 1 + sum(others) + higher
    assert position(dataclasses.replace(found, own_ahead=own_ahead + 1)) > place
    assert position(dataclasses.replace(found, others=(*others, 1))) > place
    assert position(dataclasses.replace(found, higher=higher + 1)) >= place


@given(st.lists(st.integers(1, 8), min_size=1, max_size=5), st.data())
@settings(max_examples=60)
def test_no_job_starts_later_than_its_place_says(queues: list[int], data: st.DataObject) -> None:
    """Keys with so many single images each; one of their jobs is followed to its start."""
    own = data.draw(st.integers(0, len(queues) - 1))
    ahead = data.draw(st.integers(0, queues[own] - 1))
    others = [count for key, count in enumerate(queues) if key != own]
    promised = position(standing(own_ahead=ahead, others=tuple(others)))
    ring = {str(key): Waiting(str(key), 1, turn=key) for key in range(len(queues))}
    left, served = dict(zip(ring, queues, strict=True)), Counter[str]()
    started = 0
    while served[str(own)] <= ahead:
        turn = next_turn(list(ring.values()))
        ring |= {each.owner: each for each in turn.changed}
        served[turn.owner] += 1
        left[turn.owner] -= 1
        started += 1
        if not left[turn.owner]:
            del ring[turn.owner]
    assert started <= promised


# Estimates


def test_without_anything_like_it_there_is_no_estimate() -> None:
    assert eta(job(), standing(), now=1000) is None
    assert eta(job(state="running", started_at=990.0), standing(), 1000) is None


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "seconds"),
    [(1, 4, 10, 30.0), (3, 4, 30, 10.0), (1, 1000, 0.5, 499.5), (5, 10, -3, 0.0)],
)
def test_a_running_job_goes_on_at_its_own_pace(
    done: int, total: int, elapsed_s: float, seconds: float
) -> None:
    running = job(state="running", started_at=1000.0, done=done, total=total)
    found = eta(running, standing(recent_s=(99.0,)), 1000 + elapsed_s)
    assert found is not None
    assert found.seconds == seconds
    assert f"{done} of {total}" in found.basis


@pytest.mark.parametrize(("done", "total"), [(0, 0), (0, 10), (10, 10)])
def test_a_job_without_a_pace_of_its_own_takes_as_long_as_others(done: int, total: int) -> None:
    running = job(state="running", started_at=1000.0, done=done, total=total, cost=3)
    found = eta(running, standing(recent_s=(1.0, 3.0)), 1001)
    assert found is not None
    assert found.seconds == 6.0
    assert "ahead" not in found.basis


@pytest.mark.parametrize(("running", "seconds"), [(0, 12.0), (1, 12.0), (2, 7.0), (5, 4.0)])
def test_what_is_ahead_is_done_at_once_by_as_many_as_run(running: int, seconds: float) -> None:
    """Five jobs of 2 s ahead, then its own."""
    found = eta(job(), standing(own_ahead=5, running=running, recent_s=(2.0,)), 0)
    assert found is not None
    assert found.seconds == seconds
    assert f"5 ahead, {max(1, running)} at once" in found.basis


def test_the_mean_is_of_all_recent_jobs() -> None:
    found = eta(job(), standing(recent_s=(1.0, 2.0, 6.0)), 0)
    assert found is not None
    assert (found.seconds, found.basis[:40]) == (
        3.0,
        "3.00 s an image, mean of the last 3 jobs"[:40],
    )


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
def test_what_has_ended_is_not_estimated(state: str) -> None:
    assert eta(job(state=state), standing(recent_s=(1.0,)), 0) is None


# The ring, walked step by step


def walked(ring: list[Waiting], quantum: int) -> tuple[str, dict[str, int]]:
    """Owner and savings by the definition: visit after visit, each with a quantum."""
    order = sorted(ring, key=lambda each: each.turn)
    saved = {each.owner: each.deficit for each in order}
    while True:
        for each in order:
            saved[each.owner] += quantum
            if saved[each.owner] >= each.cost:
                saved[each.owner] -= each.cost
                return each.owner, saved


rings = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), min_size=1, max_size=6).map(
    lambda keys: [
        Waiting(str(n), cost, min(deficit, cost - 1), turn=len(keys) - n)
        for n, (cost, deficit) in enumerate(keys)
    ]
)


@given(rings, st.integers(1, 7))
@settings(max_examples=150)
def test_counting_rounds_is_walking_them(ring: list[Waiting], quantum: int) -> None:
    owner, saved = walked(ring, quantum)
    turn: Turn = next_turn(ring, quantum)
    assert turn.owner == owner
    after = {each.owner: each.deficit for each in ring} | {
        each.owner: each.deficit for each in turn.changed
    }
    assert after == saved


@given(rings)
@settings(max_examples=50)
def test_those_that_were_visited_go_to_the_back_in_their_order(ring: list[Waiting]) -> None:
    turn = next_turn(ring)
    before = [each.owner for each in sorted(ring, key=lambda each: each.turn)]
    served = before.index(turn.owner)
    turns = {each.owner: each.turn for each in ring} | {e.owner: e.turn for e in turn.changed}
    assert sorted(turns, key=lambda owner: turns[owner]) == [
        *before[served + 1 :],
        *before[: served + 1],
    ]


def test_a_million_images_are_found_as_quickly_as_one() -> None:
    ring = [Waiting("a", 10**9, turn=0), Waiting("b", 10**9 + 1, turn=1)]
    assert next_turn(ring).owner == "a"
    assert QUANTUM == 1


# Classes


@pytest.mark.parametrize(
    ("waiting", "earned", "served"),
    [
        ({0}, {}, 0),
        ({0, 1, 2}, {}, 2),
        ({0, 1}, {0: SHARE - 1}, 1),
        ({0, 1}, {0: SHARE}, 0),
        ({0, 1, 2}, {0: SHARE, 1: SHARE + 1}, 1),
        ({0, 2}, {1: 100}, 2),
        ({0, 1}, {1: 100}, 1),
    ],
)
def test_the_class_that_has_earned_it_is_served(
    waiting: set[int], earned: dict[int, int], served: int
) -> None:
    assert next_class(waiting, earned) == served


@pytest.mark.parametrize(
    ("served", "cost", "earned", "after"),
    [
        (2, 1, {}, {0: 1, 1: 1}),
        (2, 5, {0: 2}, {0: 7, 1: 5}),
        (1, 1, {0: 3, 1: 9}, {0: 4}),
        (0, 2, {0: 18, 1: 4}, {1: 4}),
        (0, 1, {0: 12}, {0: 3}),
        (0, 3, {0: 9}, {0: -18}),
    ],
)
def test_credits_are_counted_in_images(
    served: int, cost: int, earned: dict[int, int], after: dict[int, int]
) -> None:
    assert credits_after({0, 1, 2}, earned, served, cost) == after


def test_an_empty_ring_and_no_class_are_said() -> None:
    with pytest.raises(Conflict, match="No key waits"):
        next_turn([])
    with pytest.raises(Conflict, match="No class waits"):
        next_class([], {})
