"""The code that runs inside a worker process. It imports little, because every import costs memory
and time in each worker."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from engines.errors import Fault, InferloopError, InvalidImage

_SIZE = Path("/proc/self/statm")


class Outcome(NamedTuple):
    """The result of a function, or the `InferloopError` that it raised."""

    value: Any
    error: InferloopError | None = None


def limit_memory(more_bytes: int, modules: Sequence[str] = ()) -> None:
    """Limit the address space of this process to its present size plus `more_bytes`, and turn core
    files off. `modules` are imported first, so that their memory does not count. Without `/proc`
    memory is not limited."""
    for module in modules:
        import_module(module)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _SIZE.exists():
        has = int(_SIZE.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + more_bytes, has + more_bytes))


def run(max_cpu_s: float, function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    """Call the function. After `max_cpu_s` seconds of CPU time the kernel ends this process with
    SIGPROF, even during native code. Returns `InvalidImage` if memory runs out."""
    signal.setitimer(signal.ITIMER_PROF, max_cpu_s)
    try:
        return Outcome(function(*args))
    except InferloopError as error:
        return Outcome(None, error)
    except MemoryError:
        reason = "takes too much memory to read"
        return Outcome(None, InvalidImage(Fault("image", None, "memory within the limit", reason)))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def nothing() -> None:
    """Does nothing. Called to start a process ahead of its first image."""
