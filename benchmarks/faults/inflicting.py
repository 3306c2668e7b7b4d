"""Causes the faults in the processes of one service."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psutil

Strike = Callable[[], None]
DIES_WITHIN_S = 60.0
RAY_PROCESSES: Final = {
    "raylet": "raylet",
    "GCS": "gcs_server",
    "Ray's agent": "ray::DashboardAgent",
}
"""The name of each part of Ray in the report, to the name of its process."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: `strike` starts it, `lift` ends it. After a kill, `lift` does nothing."""

    name: str
    strike: Strike
    lift: Strike = lambda: None
    least_s: float = 0.0
    """The shortest load for which this fault makes sense, seconds."""
    seen: Sequence[str] = field(default_factory=list)
    """Faulty states that `lift` found."""


def replicas(launcher_pid: int, deployment: str) -> list[psutil.Process]:
    """The processes of a deployment's replicas, found by the titles that Ray gives them."""
    return _found(launcher_pid, lambda title: _is_replica(title, deployment))


def _found(launcher_pid: int, is_it: Callable[[str], bool]) -> list[psutil.Process]:
    family = psutil.Process(launcher_pid).children(recursive=True)
    return [process for process in family if is_it(_title(process))]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:  # it has ended
        return ""


def _is_replica(title: str, deployment: str) -> bool:
    return title.startswith("ray::ServeReplica") and f":{deployment}" in title


def _kill_one(found: Sequence[psutil.Process], name: str) -> None:
    if not found:
        raise RuntimeError(f"no {name} was found")
    found[0].kill()
    give_up = time.monotonic() + DIES_WITHIN_S
    while _runs(found[0]):
        if time.monotonic() > give_up:
            raise RuntimeError(f"{name} does not die")
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    """Whether the process still runs. A zombie does not: its parent may be too busy to reap it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def actor_killed(launcher_pid: int, name: str, title: str) -> Fault:
    """Kills a process of Ray Serve itself, found by its title: the controller or a proxy."""

    def strike() -> None:
        _kill_one(_found(launcher_pid, lambda told: told.startswith(f"ray::{title}")), name)

    return Fault(f"{name} killed", strike)


def ray_process_killed(launcher_pid: int, name: str, least_s: float = 0.0) -> Fault:
    """Kills a process of Ray itself. `name`: a key of `RAY_PROCESSES`."""

    def strike() -> None:
        part = RAY_PROCESSES[name]
        _kill_one(
            _found(launcher_pid, lambda told: told.split(" ")[0].rpartition("/")[2] == part), name
        )

    return Fault(f"{name} killed", strike, least_s=least_s)


def killed(launcher_pid: int, deployment: str) -> Fault:
    return Fault(
        f"{deployment} killed", lambda: _kill_one(replicas(launcher_pid, deployment), deployment)
    )


def killed_whenever_up(launcher_pid: int, deployment: str, every_s: float = 0.5) -> Fault:
    """Kills every replica soon after it starts, until the fault is lifted."""
    over = threading.Event()

    def kill_on() -> None:
        while not over.wait(every_s):
            for process in replicas(launcher_pid, deployment):
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    thread = threading.Thread(target=kill_on, daemon=True)

    def lift() -> None:
        over.set()
        thread.join()

    return Fault(f"{deployment} killed whenever up", thread.start, lift)


def hung(launcher_pid: int, deployment: str, least_s: float = 0.0) -> Fault:
    """Stops one replica with SIGSTOP, and continues it at the end.

    `strike` raises:
        RuntimeError: there is no replica.
    """
    stopped: list[psutil.Process] = []

    def strike() -> None:
        stopped.extend(replicas(launcher_pid, deployment)[:1])
        if not stopped:
            raise RuntimeError(f"no replica of {deployment} was found")
        stopped[0].send_signal(signal.SIGSTOP)

    def lift() -> None:
        for process in stopped:
            if process.is_running():
                process.resume()

    return Fault(f"{deployment} hung", strike, lift, least_s)
