"""What a worker process does with one call, and which limits it can be given."""

from __future__ import annotations

import pickle
import signal
from contextlib import suppress

import pytest
from pydantic import ValidationError

from engines.errors import InvalidImage, NotFound
from engines.sandbox import SandboxLimits
from engines.sandbox.child import Outcome, run


def add(left: int, right: int) -> int:
    return left + right


def raising(error: BaseException) -> None:
    raise error


def timer_s() -> float:
    return signal.getitimer(signal.ITIMER_PROF)[0]


def test_a_value_comes_back_with_no_error() -> None:
    assert run(60, add, (20, 22)) == Outcome(42, None)
    assert run(60, timer_s, ()).value > 0  # it runs against the clock


def test_an_error_of_ours_is_an_outcome_and_no_crash() -> None:
    found = run(60, raising, (NotFound("image", "x"),))
    assert found.value is None
    assert isinstance(found.error, NotFound)


def test_too_little_memory_is_the_images_fault() -> None:
    found = run(60, raising, (MemoryError(),))
    assert isinstance(found.error, InvalidImage)
    assert found.error.message == "Invalid parameter: image takes too much memory to read"


def test_a_mistake_of_ours_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run(60, raising, (ZeroDivisionError(),))


@pytest.mark.parametrize("error", [NotFound("image", "x"), MemoryError(), ValueError()])
def test_the_clock_stands_still_after_every_call(error: Exception) -> None:
    run(60, add, (1, 2))
    assert timer_s() == 0
    with suppress(ValueError):
        run(60, raising, (error,))
    assert timer_s() == 0


def test_an_outcome_travels_between_processes() -> None:
    for outcome in (Outcome([1, 2]), Outcome(None, NotFound("image", "x"))):
        again = pickle.loads(pickle.dumps(outcome))
        assert repr(again) == repr(outcome)


@pytest.mark.parametrize(
    "change",
    [
        *({"workers": 0}, {"workers": 65}, {"workers": 1.5}, {"max_cpu_s": 0}, {"max_cpu_s": -1}),
        *({"max_cpu_s": float("inf")}, {"max_cpu_s": float("nan")}, {"max_wait_s": 0}),
        *({"max_wait_s": float("inf")}, {"max_memory_bytes": 64 * 2**20 - 1}, {"cpu_s": 1}),
    ],
    ids=str,
)
def test_limits_that_limit_nothing_or_everything_are_refused(change: dict[str, float]) -> None:
    """A clock cannot be set to infinity: every image would fail."""
    with pytest.raises(ValidationError):
        SandboxLimits.model_validate(change)


def test_limits_are_frozen_and_have_the_documented_defaults() -> None:
    limits = SandboxLimits()
    assert (limits.workers, limits.max_cpu_s, limits.max_wait_s) == (2, 15, 60)
    assert limits.max_memory_bytes == 2 * 2**30
    with pytest.raises(ValidationError, match="frozen"):
        limits.workers = 3  # type: ignore[misc]
