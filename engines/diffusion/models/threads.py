"""Choose the number of threads for torch's CPU operators."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Literal

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
"""CPU limit of cgroup v2: "QUOTA PERIOD" in microseconds, or "max PERIOD" for no limit."""


def choose_threads(wanted: int | Literal["all"], cpu_max: Path = CPU_MAX) -> int:
    """`wanted`, or for "all" the number of cores that this process may use.

    Limited by the container's CPU quota: more threads than that only wait for each other.
    """
    if wanted != "all":
        return wanted
    has_affinity = hasattr(os, "sched_getaffinity")  # Not on macOS.
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota(cpu_max)))


def _quota(cpu_max: Path) -> int:
    """The container's CPU quota in cores, rounded up; 2**31 if there is no limit."""
    unlimited = 2**31
    if not cpu_max.is_file():
        return unlimited
    quota, period = cpu_max.read_text(encoding="ascii").split()
    return unlimited if quota == "max" else math.ceil(int(quota) / int(period))
