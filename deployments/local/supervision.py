"""Watching the service and starting it anew: the rules, without a process, a clock or a signal."""

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
        """Its exit status; None while it runs."""
        ...

    def lost(self) -> str:
        """What of it has died although it cannot go on without; "" if nothing."""
        ...

    def answers(self) -> bool:
        """Whether it answers a request for its health."""
        ...

    def stop(self) -> None:
        """Let it end what is under way, then end it."""
        ...

    def kill(self) -> None:
        """End it and all that it started, now."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """When a service counts as dead, and how often it is started anew."""

    silent_s: float = 60.0
    """It has answered before, and did not for so long. Serve replaces its own proxy and replicas
    within about 30 s; that is left to it."""
    failing_s: float = 30.0
    """A start that has failed ends its Ray, then itself, within so long: it is not tried again."""
    restarts: int = 1
    """So many within `restart_window_s`; then the launcher ends with status 1."""
    restart_window_s: float = 600.0


class Supervisor:
    """Starts the service, watches it, and starts it anew when it has died."""

    def __init__(
        self,
        start: Callable[[], Watched],
        stop: threading.Event,
        say: Callable[[str], None],
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`stop` asks for the end; `wait(seconds)` returns early, with True, when it is set."""
        self._start = start
        self._stop = stop
        self._say = say
        self._patience = patience
        self._clock = clock
        self._wait = wait or stop.wait
        self._restarts: list[float] = []

    def run(self) -> int:
        """0: stopped when asked to. 1: it died more often than it is started anew. Else the exit
        status of a service that has never answered."""
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
            self._say("Starting it anew ...")

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
