"""What runs inside a worker process. Imports little: every worker pays for it."""

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
    """What a function returned, or the error of ours that it raised."""

    value: Any
    error: InferloopError | None = None


def limit_memory(more_bytes: int, modules: Sequence[str] = ()) -> None:
    """From now on the process gets no more than this beyond what it has; no core files. The
    modules are imported first: a library's own memory is not the file's."""
    for module in modules:
        import_module(module)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _SIZE.exists():
        has = int(_SIZE.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + more_bytes, has + more_bytes))


def run(max_cpu_s: float, function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    """Call the function; past `max_cpu_s` of CPU time the kernel ends this process by SIGPROF,
    whatever code runs then."""
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
    """For a first call, which starts the process."""
