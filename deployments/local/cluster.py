"""The application on a Ray of our own on this machine: start, deploy, wait."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray import serve
from ray.dashboard.modules.serve.sdk import ServeSubmissionClient

from deployments.local.child_service import StartFailed
from local_ray.running import local_ray

DRAIN_S = 60.0
"""How long requests under way may still take when the service stops."""
LEAST_LOGICAL_CPUS = 8
"""Logical, not physical: replicas reserve little, and a batch job needs room to schedule."""


@contextmanager
def service_ray(
    folder: Path, num_cpus: int | None = None, num_gpus: int | None = None
) -> Iterator[str]:
    """Start Ray in the folder; yields the dashboard's address (`serve status -a ...`).

    Both numbers are logical: what replicas may reserve, not what they are held to. Left out, they
    are what the machine has, and at least eight CPUs. Everything is stopped at the end: the
    application first, whose replicas finish what they have begun, then Serve, then Ray.
    """
    cpus = num_cpus or max(LEAST_LOGICAL_CPUS, os.cpu_count() or 1)
    with local_ray(folder, cpus, num_gpus) as dashboard:
        try:
            yield dashboard
        finally:
            drain()
            serve.shutdown()


def drain(within_s: float = DRAIN_S, interval_s: float = 0.2) -> None:
    """Delete the applications and wait until their replicas have ended what they had begun.

    Serve's own shutdown ends its proxies at once, and with them the answers on their way.
    """
    give_up = time.monotonic() + within_s
    for name in serve.status().applications:
        serve.delete(name, _blocking=False)
    while serve.status().applications and time.monotonic() < give_up:
        time.sleep(interval_s)


def deploy(dashboard: str, document: dict[str, Any], tries: int = 3, wait_s: float = 1.0) -> None:
    """What `serve deploy` does: hand the config to Serve's REST API, with Ray's token, which its
    client finds by the environment.

    On a busy machine Serve may give its own proxy up and answer 500; the same again starts a new
    one. A config that it refuses is a 400, and final.
    """
    client = ServeSubmissionClient(dashboard)
    for attempt in range(1, tries + 1):
        try:
            client.deploy_applications(document)
        except RuntimeError as error:
            said = str(error)[:2000]
            if "status code 5" not in said or attempt == tries:
                raise StartFailed(f"Ray Serve refused the config: {said}") from None
            time.sleep(wait_s)
        else:
            return


def wait_until_running(
    dashboard: str,
    stop: threading.Event,
    timeout_s: float = 300.0,
    on_change: Callable[[str], None] = lambda _: None,
    interval_s: float = 0.5,
) -> None:
    """Block until every deployment is healthy or `stop` is set.

    Raises:
        StartFailed: with Serve's message.
    """
    give_up = time.monotonic() + timeout_s
    client = ServeSubmissionClient(dashboard)
    said = ""
    while time.monotonic() < give_up:
        applications = client.get_serve_details()["applications"]
        (application,) = applications.values() or [{"status": "NOT_STARTED"}]
        if application["status"] == "RUNNING":
            return
        if application["status"] in ("DEPLOY_FAILED", "UNHEALTHY"):
            raise StartFailed(_why(application))
        if (waiting := _waiting(application)) != said:
            on_change(said := waiting)
        if stop.wait(interval_s):
            return
    raise StartFailed(f"not running after {timeout_s:g} s; {said}")


def _waiting(application: dict[str, Any]) -> str:
    names = [
        name
        for name, deployment in application.get("deployments", {}).items()
        if deployment["status"] != "HEALTHY"
    ]
    return "waiting for " + ", ".join(sorted(names)) if names else "building the application"


def _why(application: dict[str, Any]) -> str:
    messages = [application.get("message", "")]
    messages += [
        f"{name}: {deployment['message']}"
        for name, deployment in application.get("deployments", {}).items()
        if deployment.get("message")
    ]
    return "\n".join(message for message in messages if message)[-4000:]
