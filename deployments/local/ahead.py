"""The process that builds the application, started before Serve asks for one.

Serve builds the application of a config in a task of Ray. That task needs a process, with Ray,
Serve and this application imported: 2 s of processor time for which all replicas wait. Here a task
imports the same while Serve's own processes start. When it has ended, its process waits for more
work, and Ray gives it to the task that builds. (It gives none to an actor that had a task before,
so replicas cannot be started ahead like this.)
"""

from __future__ import annotations

import gc
import logging
import os
from importlib import import_module

import ray
from ray.exceptions import RayError

logger = logging.getLogger(__name__)

BUILDER = "deployments.app"
MOST_S = 60.0
"""Serve is not kept waiting for longer than this: then it gets a process of its own."""


def imported(module: str) -> int:
    """Import the module; the id of this process, which ends with the next task it gets."""
    gc.disable()  # for so short a life
    import_module(module)
    return os.getpid()


class Ahead:
    """The process, from `start` on."""

    def __init__(self, module: str = BUILDER) -> None:
        """Ray runs already. `module` is what Serve will import."""
        # As Serve's own task has it: without a share of the CPUs.
        self._task = ray.remote(num_cpus=0, max_retries=0)(imported).remote(module)

    def wait(self, most_s: float = MOST_S) -> int | None:
        """Block until the process is free; its id. None where it could not be started or takes
        longer: then the start takes longer, and nothing else changes."""
        try:
            process: int = ray.get(self._task, timeout=most_s)
        except RayError as error:  # GetTimeoutError is one, too
            logger.warning("The application is built in another process: %s", error)
            return None
        return process
