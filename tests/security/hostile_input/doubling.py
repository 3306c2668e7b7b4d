"""Checks that work is linear: four times the input must take about four times the CPU time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

Input = TypeVar("Input", str, bytes)

_TOO_QUICK_TO_MATTER_S = 0.004
_MOST = 8.0  # for four times the input: linear work gives 4, quadratic work 16
_ATTEMPTS = 5


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one run."""
    gc.disable()  # its time depends on the objects of all other tests
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()


def grows_linearly(
    work: Callable[[Input], object], make: Callable[[int], Input], size: int
) -> bool:
    """Whether `work(make(2 * size))` costs less than eight times `work(make(size // 2))`.

    The fastest of several runs counts, so that the test does not fail on a busy machine. Work that
    takes at most 4 ms for the larger input passes, because quadratic work would take longer.
    """
    short, long = make(size // 2), make(2 * size)
    small, large = float("inf"), float("inf")
    for _ in range(_ATTEMPTS):
        large = min(large, cpu_s(lambda: work(long)))
        if large < _TOO_QUICK_TO_MATTER_S:
            return True
        small = min(small, cpu_s(lambda: work(short)))
        if large < _MOST * small:
            return True
    return False
