"""A few processes that read strangers' bytes, each of which may be killed at any time."""

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

_ATTEMPTS = 2  # of a call whose process was gone before it began


class Sandbox:
    """Runs functions in `limits.workers` processes, one call in each at a time.

    A call that passes the limits, or whose code crashes, ends its own process only; the next call
    finds a new one. Blocks: call it from worker threads. Safe to share between threads.

    Each process is a pebble pool of one: workers of a common pool share a pipe, and one that is
    killed while it writes would spoil it for all.
    """

    def __init__(self, limits: SandboxLimits, preload: Sequence[str] = ()) -> None:
        """Starts no process yet. `preload`: modules that are imported before the limits hold;
        once for all processes of this program, where no other sandbox has started one yet.
        Functions from elsewhere are imported when they are called."""
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
        """What the function returns; raises the `InferloopError` that it raises, `InvalidImage`
        where it passed the limits or crashed.

        The function is one of a module; arguments and result are pickled.
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
        """Start the process that is idle longest; `limits.workers` calls start all. Blocks."""
        self.run(child.nothing)

    def close(self) -> None:
        """End the processes; blocks until they have ended. Calls that wait or run fail."""
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
            except BrokenProcessPool:  # it was killed while it had nothing to do
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
        except RuntimeError as error:  # pebble's word for a pool that is broken already
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
    """Of a sandbox that nobody has any more. In a thread of its own where it is not the main one:
    garbage may be collected in a thread of one of these pools, which cannot wait for itself."""
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
    """Workers shall not import this program's main module again: in a Ray actor that is Ray.

    `multiprocessing` imports it by its path where it has no spec, and leaves alone what is named
    like the `__main__` of a package.
    """
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None:
        main.__spec__ = ModuleSpec("inferloop.__main__", None)
