"""Functions that cause different faults in a worker process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module

from engines.errors import Fault, InvalidImage

ON_ARRIVAL: list[Callable[[], object]] = []
"""A function that the caller's process calls once, in the thread of the pool that reads the
result."""


class Parcel:
    """A result that is unpickled by `arrived`."""

    def __reduce__(self) -> tuple[Callable[[], str], tuple[()]]:
        return arrived, ()


def arrived() -> str:
    while ON_ARRIVAL:
        ON_ARRIVAL.pop()()
    return "arrived"


def parcel() -> Parcel:
    return Parcel()


def double(number: int) -> int:
    return 2 * number


def pid() -> int:
    return os.getpid()


def refuse() -> None:
    raise InvalidImage(Fault("image", None, "a better one", "is not good"))


def spin() -> None:
    while True:
        pass


def spin_in_c() -> int:
    """Holds the GIL, so that no Python signal handler runs."""
    return sum(range(10**12))


def sleep() -> None:
    time.sleep(600)


def take_memory(size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def fail_unexpectedly() -> None:
    raise ZeroDivisionError("a fault of ours")


def loaded() -> set[str]:
    """Heavy modules that this process has imported."""
    return {"ray", "torch", "diffusers", "pytest", "cv2"} & set(sys.modules)


def uses(module: str) -> str:
    """Imports a module when it is called."""
    return import_module(module).__name__
