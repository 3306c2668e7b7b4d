"""The application on a Ray of our own on this machine: start, deploy, wait."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve._private.api import serve_start
from ray.serve.context import _get_global_client
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ServeDeploySchema

from deployments.local.child_service import StartFailed
from deployments.local.lean_serve import SETUP_HOOK
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
    with local_ray(folder, cpus, num_gpus, worker_setup=SETUP_HOOK) as dashboard:
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


class ServeAccess(Protocol):
    """Who hands a config to Serve and tells what has become of it; `ServeSubmissionClient` does so
    over the REST API of Ray's dashboard."""

    def deploy_applications(self, config: dict[str, Any]) -> None:
        """Take the config, as `serve deploy` does. Raises for one that Serve refuses."""

    def get_serve_details(self) -> dict[str, Any]:
        """What Serve's REST API answers at `/api/serve/applications/`."""


class ServeHere:
    """`ServeAccess` from a process that is part of the Ray.

    The REST API would load all of Serve into one of the dashboard's processes first, and keep it
    there: 1.3 s of processor time and 100 MiB.
    """

    def deploy_applications(self, config: dict[str, Any]) -> None:
        parsed = ServeDeploySchema.model_validate(config)
        client = serve_start(
            http_options=parsed.http_options.model_dump(),
            grpc_options=parsed.grpc_options.model_dump(),
            global_logging_config=parsed.logging_config,
            controller_options=parsed.controller_options,
            proxy_location=parsed.proxy_location,
        )
        client.deploy_apps(parsed)

    def get_serve_details(self) -> dict[str, Any]:
        # Not `serve_start`, which prints a line each time it finds Serve started already.
        return _get_global_client().get_serve_details()


def deploy(
    access: ServeAccess, document: dict[str, Any], tries: int = 3, wait_s: float = 1.0
) -> None:
    """Hand the config to Serve.

    On a busy machine Serve may give its own proxy up; the same again starts a new one. A config
    that it refuses is final.

    Raises:
        StartFailed: with Serve's message.
    """
    for attempt in range(1, tries + 1):
        try:
            access.deploy_applications(document)
        except (ValidationError, RayTaskError) as error:
            raise _refused(error) from None
        except (RuntimeError, TimeoutError, RayError, RayServeException) as error:
            if "status code 4" in str(error) or attempt == tries:
                raise _refused(error) from None
            time.sleep(wait_s)
        else:
            return


def _refused(error: Exception) -> StartFailed:
    return StartFailed(f"Ray Serve refused the config: {str(error)[:2000]}")


def wait_until_running(
    access: ServeAccess,
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
    said = ""
    while time.monotonic() < give_up:
        applications = access.get_serve_details()["applications"]
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
