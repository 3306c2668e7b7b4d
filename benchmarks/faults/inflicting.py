"""The faults themselves, done to the processes and to the file system of one service."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

Strike = Callable[[], None]
FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` begins it, `lift` ends it; a kill needs no end."""

    name: str
    strike: Strike
    lift: Strike = lambda: None


def replicas(launcher_pid: int, deployment: str) -> list[psutil.Process]:
    """The processes of a deployment's replicas, by the name that Ray gives them."""
    family = psutil.Process(launcher_pid).children(recursive=True)
    return [process for process in family if _is_replica(process, deployment)]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:  # gone meanwhile
        return ""


def _is_replica(process: psutil.Process, deployment: str) -> bool:
    name = _title(process)
    return name.startswith("ray::ServeReplica") and f":{deployment}" in name


def actor_killed(launcher_pid: int, name: str, title: str) -> Fault:
    """A process of Serve's own, by its title: the controller, or a proxy."""

    def strike() -> None:
        family = psutil.Process(launcher_pid).children(recursive=True)
        found = [process for process in family if _title(process).startswith(f"ray::{title}")]
        if not found:
            raise RuntimeError(f"no {name} was found")
        found[0].kill()
        found[0].wait(10)

    return Fault(f"{name} killed", strike)


def send(launcher_pid: int, deployment: str, number: int) -> None:
    """A signal to one replica of the deployment.

    Raises:
        RuntimeError: there is none.
    """
    found = replicas(launcher_pid, deployment)
    if not found:
        raise RuntimeError(f"no replica of {deployment} was found")
    found[0].send_signal(number)
    if number == signal.SIGKILL:
        found[0].wait(10)


def killed(launcher_pid: int, deployment: str) -> Fault:
    return Fault(f"{deployment} killed", lambda: send(launcher_pid, deployment, signal.SIGKILL))


def hung(launcher_pid: int, deployment: str) -> Fault:
    """Stopped, and woken again at the end."""
    stopped: list[psutil.Process] = []

    def strike() -> None:
        stopped.extend(replicas(launcher_pid, deployment)[:1])
        for process in stopped:
            process.suspend()

    def lift() -> None:
        for process in stopped:
            if process.is_running():
                process.resume()

    return Fault(f"{deployment} hung", strike, lift)


def disk_full(root: Path) -> Fault:
    """A file that takes all the room there is; only on a file system of the data root's own."""
    filler = root / FILLER

    def strike() -> None:
        stat = os.statvfs(root)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, stat.f_bavail * stat.f_frsize))

    return Fault("disk full", strike, lambda: filler.unlink(missing_ok=True))


def read_only(root: Path) -> Fault:
    return Fault(
        "disk read-only",
        lambda: _mount("-o", "remount,ro", str(root)),
        lambda: _mount("-o", "remount,rw", str(root)),
    )


def own_file_system(root: Path, size_bytes: int) -> bool:
    """Give the data root a small file system in memory; False where nobody may mount here."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(root))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def without_file_system(root: Path) -> None:
    subprocess.run(["umount", "-l", str(root)], check=True, capture_output=True)


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True, capture_output=True)
