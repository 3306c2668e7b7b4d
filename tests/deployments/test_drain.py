"""Waiting until a node serves nothing; the drain itself runs on a real cluster in tests/nodes."""

from __future__ import annotations

from deployments.drain import LOOK_EVERY_S, wait_until_left


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_it_waits_until_the_last_one_has_left() -> None:
    time, left = Time(), iter([3, 3, 1, 0])
    assert wait_until_left(lambda: next(left), 60.0, time.clock, time.sleep) == 0
    assert time.now_s == 100.0 + 3 * LOOK_EVERY_S
    assert next(left, None) is None


def test_an_idle_node_may_go_at_once() -> None:
    time = Time()
    assert wait_until_left(lambda: 0, 60.0, time.clock, time.sleep) == 0
    assert time.now_s == 100.0


def test_it_gives_up_when_the_time_is_over_and_says_how_many_are_left() -> None:
    time = Time()
    assert wait_until_left(lambda: 2, 10.0, time.clock, time.sleep) == 2
    assert 110.0 <= time.now_s < 110.0 + LOOK_EVERY_S
