"""One stranger's image ends one process at most, and nobody else's call."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from engines.errors import InferloopError, InvalidImage
from engines.sandbox import Sandbox, SandboxLimits
from tests.engines.sandbox import victims
from tests.waiting import PATIENCE_S, wait_for

LIMITS = SandboxLimits(workers=2, max_cpu_s=0.3, max_wait_s=PATIENCE_S, max_memory_bytes=2**27)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(LIMITS, ["engines.images"])
    yield made
    made.close()


def refused(sandbox: Sandbox, function: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(InvalidImage) as caught:
        sandbox.run(function, *args)
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults
    return caught.value.message


def test_a_function_runs_in_another_process(sandbox: Sandbox) -> None:
    assert sandbox.run(victims.double, 21) == 42
    assert sandbox.run(victims.pid) != os.getpid()


def test_a_refusal_comes_through_with_its_words(sandbox: Sandbox) -> None:
    assert refused(sandbox, victims.refuse) == "Invalid parameter: image is not good"


@pytest.mark.parametrize("function", [victims.spin, victims.spin_in_c])
def test_too_much_cpu_time_is_said(sandbox: Sandbox, function: Callable[[], Any]) -> None:
    assert "takes too long to read" in refused(sandbox, function)
    assert sandbox.run(victims.double, 1) == 2


def test_too_much_memory_is_said(sandbox: Sandbox) -> None:
    assert "too much memory" in refused(sandbox, victims.take_memory, 256 * 2**20)
    assert sandbox.run(victims.take_memory, 2**20) == 2**20


@pytest.mark.parametrize("function", [victims.crash, victims.leave])
def test_a_crash_is_the_images_fault_and_the_next_call_is_served(
    sandbox: Sandbox, function: Callable[[], Any]
) -> None:
    assert "cannot be read" in refused(sandbox, function)
    assert sandbox.run(victims.double, 1) == 2


def test_waiting_too_long_is_said() -> None:
    hasty = Sandbox(LIMITS.model_copy(update={"workers": 1, "max_wait_s": 0.3}))
    assert "takes too long to read" in refused(hasty, victims.sleep)
    hasty.close()


def test_a_fault_of_our_own_is_not_the_images(sandbox: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError):
        sandbox.run(victims.fail_unexpectedly)


def test_a_process_that_somebody_killed_while_it_was_idle_is_replaced(sandbox: Sandbox) -> None:
    for pid in {sandbox.run(victims.pid) for _ in range(LIMITS.workers)}:
        os.kill(pid, signal.SIGKILL)
    assert [sandbox.run(victims.double, number) for number in range(4)] == [0, 2, 4, 6]


def test_garbage_is_collected_in_any_thread_even_one_of_the_pool_s() -> None:
    forgotten = Sandbox(LIMITS.model_copy(update={"workers": 1}))
    pid = forgotten.run(victims.pid)
    victims.ON_ARRIVAL.append(forgotten._stop)  # what the collector calls
    with suppress(InferloopError, CancelledError):  # or it had just been read
        forgotten.run(victims.parcel)
    assert not victims.ON_ARRIVAL
    wait_for(lambda: not is_there(pid), said=lambda: "its process goes on")


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_callers_bad_image_fails_no_other_caller(sandbox: Sandbox) -> None:
    def call(number: int) -> int | str:
        if number % 4 == 0:
            return refused(sandbox, (victims.spin, victims.crash)[number // 4 % 2])
        return sandbox.run(victims.double, number)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(call, range(16)))
    assert [answer for answer in answers if isinstance(answer, int)] == [
        2 * number for number in range(16) if number % 4
    ]


def test_a_worker_loads_no_heavy_library_and_not_the_main_program(sandbox: Sandbox) -> None:
    assert sandbox.run(victims.loaded) == set()


def test_a_library_s_own_memory_is_not_the_file_s(sandbox: Sandbox) -> None:
    """The first sandbox of a program has started the server of its processes without scipy."""
    sandbox.warm()
    strict = SandboxLimits(workers=1, max_memory_bytes=64 * 2**20)
    late = Sandbox(strict, ["scipy.linalg"])
    try:
        assert late.run(victims.uses, "scipy.linalg") == "scipy.linalg"
    finally:
        late.close()
