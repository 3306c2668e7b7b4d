"""The process that builds the application, started before Serve asks for one.

Serve builds the application of a config in a Ray task, in a process that must first import Ray,
Serve and this application. That takes 2 s of processor time, for which all replicas wait. So a task
of this module imports the same while Serve's own processes start. Afterwards its process is idle,
and Ray runs Serve's task in it. (Ray gives no such process to an actor, so replicas cannot be
started ahead like this.)
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
"""Longest wait for the process, seconds. After it Serve builds in a new process."""


def imported(module: str) -> int:
    """Import the module, and return the id of this process."""
    gc.disable()  # The process ends after its next task.
    import_module(module)
    return os.getpid()


class Ahead:
    """The process, which imports the module from the construction of this object on."""

    def __init__(self, module: str = BUILDER) -> None:
        """Needs a running Ray. `module` is what Serve will import."""
        # No CPUs, as for Serve's own task: Ray reuses the process only for the same resources.
        self._task = ray.remote(num_cpus=0, max_retries=0)(imported).remote(module)

    def wait(self, most_s: float = MOST_S) -> int | None:
        """Block until the process is idle, and return its id.

        Returns None if it could not be started, or is not idle after `most_s` seconds. Then only
        the start of the service takes longer.
        """
        try:
            process: int = ray.get(self._task, timeout=most_s)
        except RayError as error:  # GetTimeoutError is one, too
            logger.warning("The application is built in another process: %s", error)
            return None
        return process
