"""The rules for watching and restarting the service. Processes, clock and signals are passed in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

LOOK_EVERY_S = 2.0


class Watched(Protocol):
    """One run of the service, from its start to its end."""

    def ended(self) -> int | None:
        """Its exit status. None while it runs."""
        ...

    def lost(self) -> str:
        """Names of necessary processes that have died; "" if there are none."""
        ...

    def answers(self) -> bool:
        """Whether it answers a health check."""
        ...

    def stop(self) -> None:
        """Let it finish its requests, then end it."""
        ...

    def kill(self) -> None:
        """End it and all its child processes at once."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """When a service counts as dead, and how often it is restarted."""

    silent_s: float = 60.0
    """A service that answered before is dead if it does not answer for this time. It is longer than
    the 30 s in which Serve replaces its proxy and its replicas."""
    failing_s: float = 30.0
    """A service whose start failed has this time to end its Ray and itself. It is not restarted."""
    restarts: int = 1
    """Most restarts within `restart_window_s`. After that, the launcher ends with status 1."""
    restart_window_s: float = 600.0


class Supervisor:
    """Starts the service, watches it, and restarts it if it dies."""

    def __init__(
        self,
        start: Callable[[], Watched],
        stop: threading.Event,
        say: Callable[[str], None],
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """If `stop` is set, the service is stopped. `wait(seconds)` returns True as soon as `stop`
        is set, and False after that time."""
        self._start = start
        self._stop = stop
        self._say = say
        self._patience = patience
        self._clock = clock
        self._wait = wait or stop.wait
        self._restarts: list[float] = []

    def run(self) -> int:
        """Run until the service ends. Returns 0 after a normal stop, 1 if it died more often than
        it may be restarted, and otherwise the exit status of a service that never answered."""
        while True:
            running = self._start()
            status = self._watch(running)
            if status is not None:
                return status
            running.kill()
            if not self._may_restart():
                self._say(
                    f"It died more than {self._patience.restarts} time(s) in "
                    f"{self._patience.restart_window_s:g} s: giving up."
                )
                return 1
            self._say("Starting it again ...")

    def _watch(self, running: Watched) -> int | None:
        """The exit status for the launcher; None if the service has died and may be restarted."""
        answered_at, lost_at = None, None
        while not self._wait(LOOK_EVERY_S):
            ended, lost = running.ended(), running.lost()
            if ended is not None and answered_at is None:
                return ended
            if ended is None and not lost and running.answers():
                answered_at, lost_at = self._clock(), None
                continue
            if lost and answered_at is None:
                lost_at = lost_at or self._clock()
                if self._clock() - lost_at < self._patience.failing_s:
                    continue
            why = self._why_dead(ended, lost, answered_at)
            if why:
                self._say(f"The service has died: {why}.")
                return None
        if answered_at is None and not running.answers():
            self._say("Stopping. It was not ready yet.")
            running.kill()  # no request waits for it, and the steps of its start take long
        else:
            running.stop()
        return 0

    def _why_dead(self, ended: int | None, lost: str, answered_at: float | None) -> str:
        if ended is not None:
            return f"it ended by itself with status {ended}"
        if lost:
            return f"{lost} of Ray is gone"
        if answered_at is not None and self._clock() - answered_at > self._patience.silent_s:
            return f"it has not answered for {self._patience.silent_s:g} s"
        return ""

    def _may_restart(self) -> bool:
        now = self._clock()
        window = now - self._patience.restart_window_s
        self._restarts = [at for at in self._restarts if at > window]
        if len(self._restarts) >= self._patience.restarts:
            return False
        self._restarts.append(now)
        return True
