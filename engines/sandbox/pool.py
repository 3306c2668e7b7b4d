"""A pool of processes that read untrusted images. Each process can be killed without harm to the
others."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from importlib.machinery import ModuleSpec
from queue import SimpleQueue
from typing import TypeVar, TypeVarTuple, Unpack

from pebble import ProcessExpired, ProcessPool

from engines.errors import Fault, InferloopError, InvalidImage
from engines.sandbox import child
from engines.sandbox.config import SandboxLimits

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ATTEMPTS = 2  # if the process had ended before the call began


class Sandbox:
    """Runs functions in `limits.workers` processes, one call in each at a time.

    If a call exceeds the limits or crashes, only its process ends, and the next call starts a new
    one. Calls block, so they belong in worker threads. Can be shared between threads.

    Each process is a pebble pool with one worker. The workers of a larger pool would share a pipe,
    and a worker killed while it writes would corrupt the pipe for all of them.
    """

    def __init__(self, limits: SandboxLimits, preload: Sequence[str] = ()) -> None:
        """Does not start a process yet.

        `preload`: modules that are imported before the memory limit is set. They are imported once
        for all processes, unless another sandbox of this program has already started one. The
        modules of other functions are imported at their first call.
        """
        _leave_main_alone()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([child.__name__, *preload])
        self._limits = limits
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        workers = [_Worker(limits, context, preload) for _ in range(limits.workers)]
        for worker in workers:
            self._idle.put(worker)
        self._stop = weakref.finalize(self, _stop_forgotten, workers)

    def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Call `function` in a process and return its result.

        Raises the `InferloopError` that the function raises, and `InvalidImage` if it exceeds the
        limits or crashes. The function must be at the top level of a module; arguments and result
        are pickled.
        """
        worker = self._idle.get()
        try:
            outcome = worker.run(function, args)
        finally:
            self._idle.put(worker)
        if outcome.error is not None:
            raise outcome.error
        value: T = outcome.value
        return value

    def warm(self) -> None:
        """Start the process that has been idle longest, if it is not running. `limits.workers`
        calls start all of them. Blocks."""
        self.run(child.nothing)

    def close(self) -> None:
        """End the processes, and block until they have ended. Calls that wait or run fail."""
        forgotten = self._stop.detach()
        if forgotten is not None:
            _stop_all(*forgotten[2])


class _Worker:
    """One process, started when it is needed."""

    def __init__(
        self,
        limits: SandboxLimits,
        context: multiprocessing.context.ForkServerContext,
        preload: Sequence[str],
    ) -> None:
        self._limits = limits
        self._preload = tuple(preload)
        self._context = context
        self._pool: ProcessPool | None = None

    def run(self, function: Callable[..., object], args: tuple[object, ...]) -> child.Outcome:
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(function, args)
            except BrokenProcessPool:  # the process was killed while it was idle
                self.stop()
        raise InferloopError("The processes that read images do not start")

    def stop(self) -> None:
        """Kill the process; a later call starts another one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _attempt(self, function: Callable[..., object], args: tuple[object, ...]) -> child.Outcome:
        if self._pool is None:
            self._pool = ProcessPool(
                1,
                initializer=child.limit_memory,
                initargs=(self._limits.max_memory_bytes, self._preload),
                context=self._context,
            )
        call = (self._limits.max_cpu_s, function, args)
        try:
            future = self._pool.schedule(child.run, args=call, timeout=self._limits.max_wait_s)
        except RuntimeError as error:  # pebble raises this if the pool is already broken
            raise BrokenProcessPool(str(error)) from error
        try:
            outcome: child.Outcome = future.result()
        except TimeoutError:
            self.stop()
            return _too_long()
        except ProcessExpired as error:
            self.stop()
            return _too_long() if error.exitcode == -signal.SIGPROF else _crashed()
        return outcome


def _stop_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.stop()


def _stop_forgotten(workers: Sequence[_Worker]) -> None:
    """Stop the workers of a sandbox that was garbage-collected. Outside the main thread this starts
    a new thread: the collection may happen in a thread of one of these pools, and that thread
    cannot wait for itself."""
    if threading.current_thread() is threading.main_thread():
        _stop_all(workers)
    else:
        threading.Thread(target=_stop_all, args=(workers,), daemon=True).start()


def _too_long() -> child.Outcome:
    reason = "takes too long to read"
    return child.Outcome(None, InvalidImage(Fault("image", None, "time within the limit", reason)))


def _crashed() -> child.Outcome:
    reason = "cannot be read: the process that read it crashed or took too much memory"
    return child.Outcome(None, InvalidImage(Fault("image", None, "a decodable image", reason)))


def _leave_main_alone() -> None:
    """Keep workers from importing this program's main module, which in a Ray actor is part of Ray.

    `multiprocessing` imports the main module by its path if it has no `__spec__`, and skips it if
    its spec is named like the `__main__` of a package.
    """
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None:
        main.__spec__ = ModuleSpec("inferloop.__main__", None)
