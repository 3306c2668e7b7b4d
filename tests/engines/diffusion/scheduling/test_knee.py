"""The knee of a step's time over its rows, by property; and how it is measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.diffusion.scheduling.knee import bend, knee, measuring
from tests.engines.diffusion.rig import FakeClock

TIMES = st.dictionaries(st.integers(1, 512), st.floats(1e-4, 1e3), min_size=1, max_size=10)
SLACKS = st.floats(0, 1)


@given(TIMES, SLACKS)
def test_it_is_the_fewest_rows_that_are_nearly_the_cheapest(
    times: dict[int, float], slack: float
) -> None:
    found = knee(times, slack)
    best = min(seconds / rows for rows, seconds in times.items())
    assert times[found] / found <= (1 + slack) * best
    fewer = [rows for rows in times if rows < found]
    assert all(times[rows] / rows > (1 + slack) * best for rows in fewer)


@given(TIMES, SLACKS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_machine_that_is_so_much_slower_has_the_same(
    times: dict[int, float], slack: float, factor: float
) -> None:
    slower = {rows: factor * seconds for rows, seconds in times.items()}
    assert knee(slower, slack) == knee(times, slack)


@given(TIMES, SLACKS, SLACKS)
def test_who_may_pay_more_needs_no_more_rows(
    times: dict[int, float], one: float, other: float
) -> None:
    assert knee(times, max(one, other)) <= knee(times, min(one, other))


@given(TIMES)
def test_without_a_larger_step_to_compare_there_is_no_bend(times: dict[int, float]) -> None:
    found = bend(times)
    assert found is None or found < max(times)
    assert (found is None) == (knee(times) == max(times))


def test_the_committed_table_of_the_embedded_model_has_its_knee_at_32() -> None:
    a_row_ms = {1: 31.4, 2: 21.7, 4: 15.6, 16: 8.5, 32: 6.75, 64: 7.3}
    assert bend({rows: rows * ms for rows, ms in a_row_ms.items()}) == 32


def test_nothing_measured_is_no_bend() -> None:
    assert bend({}) is None


def timed(clock: FakeClock, seconds: Callable[[int], float]) -> Callable[[int], float]:
    def step_s(rows: int) -> float:
        clock.advance(seconds(rows))
        return seconds(rows)

    return step_s


def measured(
    step_s: Callable[[int], float | None], most_rows: int, bound_s: float, clock: FakeClock
) -> dict[int, float]:
    """All measurements, with a pause after each, as between requests: it does not count."""
    found: dict[int, float] = {}
    for each in measuring(step_s, most_rows, bound_s, clock):
        found = dict(each)
        clock.advance(1000.0)
    return found


def test_it_is_measured_in_doublings_up_to_the_most() -> None:
    clock = FakeClock()
    found = measured(timed(clock, lambda rows: 0.01), 40, 60.0, clock)
    assert list(found) == [2, 4, 8, 16, 32]
    assert bend(found) is None


def test_it_stops_once_rows_get_dearer() -> None:
    clock = FakeClock()
    found = measured(timed(clock, lambda rows: 0.1 if rows <= 4 else 0.1 * rows), 512, 60.0, clock)
    assert list(found) == [2, 4, 8]
    assert bend(found) == 4


@given(st.floats(0.001, 10), st.floats(0.0, 5))
def test_it_keeps_to_its_time_but_for_the_first_step(row_s: float, bound_s: float) -> None:
    clock = FakeClock()
    found = measured(timed(clock, lambda rows: rows * row_s), 4096, bound_s, clock)
    assert len(found) == 1 or clock() - 1000.0 * len(found) <= bound_s + 1e-6


@pytest.mark.parametrize("says", [None, 0.0])
def test_a_model_that_cannot_say_is_not_measured(says: float | None) -> None:
    assert measured(lambda rows: says, 64, 1.0, FakeClock()) == {}
