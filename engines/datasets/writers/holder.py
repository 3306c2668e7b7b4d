"""The process that holds a lock. Other processes on the same machine can check whether it runs."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import NamedTuple, Self

_ZOMBIE_STATES = ("Z", "X")
_MOST_PID = 2**31 - 1


class Holder(NamedTuple):
    """Identifies a process uniquely, even if its process id is used again later."""

    machine: str
    """Host name, boot id and container (PID namespace). Empty: unknown."""
    pid: int
    started: str
    """Start time in clock ticks of the kernel since the boot. Empty: unknown."""

    @classmethod
    def of(cls, said: object) -> Self | None:
        """Read a holder from parsed JSON. None if it does not describe a process."""
        match said:
            case [str(machine), int(pid), str(started)] if 0 < pid <= _MOST_PID:
                return cls(machine, int(pid), started)
        return None


def this_process(proc: Path = Path("/proc")) -> Holder:
    """The calling process. `machine` is empty on systems without `/proc`."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        container = os.readlink(proc / "self/ns/pid")
    except OSError:
        return Holder("", os.getpid(), "")
    machine = f"{socket.gethostname()} {boot} {container}"
    return Holder(machine, os.getpid(), _state(proc, os.getpid())[1])


def is_dead(holder: Holder, proc: Path = Path("/proc")) -> bool:
    """Whether the process has certainly ended. False for a process on another machine or in
    another container, because it cannot be checked from here."""
    if not holder.machine or holder.machine != this_process(proc).machine:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # the process exists and belongs to another user
        return False
    state, started = _state(proc, holder.pid)
    return state in _ZOMBIE_STATES or bool(started and holder.started != started)


def _state(proc: Path, pid: int) -> tuple[str, str]:
    """State letter and start time of a process (proc(5), `stat`). Empty if they cannot be read."""
    try:
        line = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = line.rpartition(")")[2].split()  # the process name before ")" may contain spaces
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")
