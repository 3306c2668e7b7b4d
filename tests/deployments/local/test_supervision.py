"""When the launcher calls the service dead, and what it does then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

import pytest

from deployments.local.serving import reachable_url
from deployments.local.supervision import LOOK_EVERY_S, Patience, Supervisor


@dataclass
class Run:
    """A run of the service that shows one of `states` at each look: an exit status, a lost part,
    or whether it answers. The last state stays."""

    states: list[int | str | bool]
    ends: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rest: Iterator[int | str | bool] = chain(self.states, repeat(self.states[-1]))
        self._now = self.states[0]

    def ended(self) -> int | None:
        self._now = next(self._rest)
        return None if isinstance(self._now, bool | str) else self._now

    def lost(self) -> str:
        return self._now if isinstance(self._now, str) else ""

    def answers(self) -> bool:
        return self._now is True

    def stop(self) -> None:
        self.ends.append("stopped")

    def kill(self) -> None:
        self.ends.append("killed")


class Time:
    """A clock that only waiting moves; `stop` is set at `stop_at_s`."""

    def __init__(self, stop_at_s: float) -> None:
        self.now_s = 0.0
        self._stop_at_s = stop_at_s

    def clock(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> bool:
        self.now_s += seconds
        return self.now_s >= self._stop_at_s


Supervised = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def supervised() -> Supervised:
    def run(*runs: Run, stop_at_s: float = 1e6, **patience: float) -> tuple[int, list[str]]:
        time, said, left = Time(stop_at_s), list[str](), iter(runs)
        supervisor = Supervisor(
            lambda: next(left),
            threading.Event(),
            said.append,
            Patience(**patience),  # type: ignore[arg-type]
            time.clock,
            time.wait,
        )
        return supervisor.run(), said

    return run


def test_it_runs_until_it_is_asked_to_stop(supervised: Supervised) -> None:
    run = Run([False, True])
    assert supervised(run, stop_at_s=100.0) == (0, [])
    assert run.ends == ["stopped"]


def test_a_start_that_is_stopped_ends_at_once(supervised: Supervised) -> None:
    run = Run([False])
    assert supervised(run, stop_at_s=10.0) == (0, ["Stopping. It was not ready yet."])
    assert run.ends == ["killed"]


def test_what_answers_since_the_last_look_may_finish_its_requests(supervised: Supervised) -> None:
    run = Run([True])
    assert supervised(run, stop_at_s=LOOK_EVERY_S) == (0, [])
    assert run.ends == ["stopped"]


def test_a_start_that_fails_is_not_tried_again(supervised: Supervised) -> None:
    assert supervised(Run([False, False, 2])) == (2, [])


def test_a_start_that_fails_may_end_its_ray_before_itself(supervised: Supervised) -> None:
    ending = ["gcs_server and raylet"] * 5
    assert supervised(Run([False, False, *ending, 1])) == (1, [])


def test_a_start_that_hangs_without_its_ray_is_tried_anew(supervised: Supervised) -> None:
    hanging = Run([False, "raylet"])
    status, said = supervised(hanging, Run([False, True]), stop_at_s=100.0)
    assert (status, hanging.ends) == (0, ["killed"])
    assert said[0] == "The service has died: raylet of Ray is gone."


def test_a_lost_raylet_is_said_and_the_service_started_anew(supervised: Supervised) -> None:
    first, second = Run([True, True, "raylet"]), Run([False, True])
    status, said = supervised(first, second, stop_at_s=100.0)
    assert status == 0
    assert said == ["The service has died: raylet of Ray is gone.", "Starting it again ..."]
    assert (first.ends, second.ends) == (["killed"], ["stopped"])


def test_a_service_that_ends_by_itself_is_started_anew(supervised: Supervised) -> None:
    _, said = supervised(Run([True, 0]), Run([True]), stop_at_s=50.0)
    assert said[0] == "The service has died: it ended by itself with status 0."


def test_one_that_dies_again_is_given_up_with_status_1(supervised: Supervised) -> None:
    runs = Run([True, "gcs_server"]), Run([True, 134])
    status, said = supervised(*runs)
    assert status == 1
    assert "giving up" in said[-1]
    assert [run.ends for run in runs] == [["killed"], ["killed"]]


def test_much_later_it_is_started_anew_again(supervised: Supervised) -> None:
    long = [True] * 400
    runs = Run([*long, "raylet"]), Run([*long, "raylet"]), Run([True])
    status, _ = supervised(*runs, stop_at_s=3000.0, restart_window_s=500.0)
    assert status == 0
    assert runs[2].ends == ["stopped"]


def test_what_serve_mends_itself_within_the_time_is_left_to_it(supervised: Supervised) -> None:
    silent = [False] * int(28 / LOOK_EVERY_S)
    assert supervised(Run([True, *silent, True]), stop_at_s=200.0) == (0, [])


def test_one_that_stays_silent_is_dead(supervised: Supervised) -> None:
    _, said = supervised(Run([True, False]), Run([True]), stop_at_s=200.0)
    assert said[0] == "The service has died: it has not answered for 60 s."


def test_a_slow_start_is_no_silence(supervised: Supervised) -> None:
    run = Run([*[False] * 200, True])
    assert supervised(run, stop_at_s=1000.0) == (0, [])


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
    ],
)
def test_the_health_is_asked_on_loopback(host: str, url: str) -> None:
    assert reachable_url(host, 80) == url
