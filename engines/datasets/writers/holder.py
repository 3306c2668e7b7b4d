"""Who holds a lock: a process that the others on its machine can look for."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import NamedTuple, Self

_ZOMBIE_STATES = ("Z", "X")
_MOST_PID = 2**31 - 1


class Holder(NamedTuple):
    """A process, named so that no other one is ever taken for it."""

    machine: str
    """Host, boot and container (namespace of process ids). Empty: unknown."""
    pid: int
    started: str
    """When it started, in ticks of the kernel since the boot. Empty: unknown."""

    @classmethod
    def of(cls, said: object) -> Self | None:
        """From parsed JSON; None where it names no process."""
        match said:
            case [str(machine), int(pid), str(started)] if 0 < pid <= _MOST_PID:
                return cls(machine, int(pid), started)
        return None


def this_process(proc: Path = Path("/proc")) -> Holder:
    """The process that asks. Where the system does not tell, `machine` is empty."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        container = os.readlink(proc / "self/ns/pid")
    except OSError:
        return Holder("", os.getpid(), "")
    machine = f"{socket.gethostname()} {boot} {container}"
    return Holder(machine, os.getpid(), _state(proc, os.getpid())[1])


def is_dead(holder: Holder, proc: Path = Path("/proc")) -> bool:
    """Whether it is certain that the process has ended. False for one of another machine or
    container: from here nobody can tell."""
    if not holder.machine or holder.machine != this_process(proc).machine:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # of another user, so it is there
        return False
    state, started = _state(proc, holder.pid)
    return state in _ZOMBIE_STATES or bool(started and holder.started != started)


def _state(proc: Path, pid: int) -> tuple[str, str]:
    """State letter and start of a process (proc(5), `stat`); empty where it cannot be read."""
    try:
        line = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = line.rpartition(")")[2].split()  # the name before it may hold anything
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")
