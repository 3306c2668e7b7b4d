"""Starts a private Ray on this machine, deploys the application, and waits until it runs."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import ray
from pydantic import ValidationError
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve._private.api import _coerce_controller_options, _create_controller_and_proxy_refs
from ray.serve._private.constants import HTTP_PROXY_TIMEOUT
from ray.serve.context import _get_global_client, _set_global_client
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ServeDeploySchema

from deployments.local import forked_worker
from deployments.local.child_service import StartFailed
from deployments.local.fork_server import Stage
from deployments.local.lean_serve import SETUP_HOOK
from local_ray.running import local_ray

DRAIN_S = 60.0
"""Seconds that running requests have when the service stops."""
SHUTDOWN_S = 30.0
"""Seconds that Serve has to end its processes."""
LEAST_LOGICAL_CPUS = 8
"""Fewest logical CPUs, also on smaller machines. Replicas reserve only parts of CPUs, and a batch
job needs free ones to be scheduled."""


@contextmanager
def service_ray(
    folder: Path,
    num_cpus: int | None = None,
    num_gpus: int | None = None,
    dashboard: bool = True,
    workers: Stage | None = None,
) -> Iterator[str]:
    """Start Ray in the folder. Yields the dashboard's address (`serve status -a ...`), or "".

    Both numbers are logical: replicas may reserve that much, but their use is not limited by them.
    By default they are those of the machine, with at least eight CPUs. The workers of this
    process's job are forks of `workers`, unless their `runtime_env` names another stage. At the end
    everything is stopped: first the application, whose replicas finish their requests, then Serve,
    then Ray.
    """
    cpus = num_cpus or max(LEAST_LOGICAL_CPUS, os.cpu_count() or 1)
    environment: dict[str, Any] = {"worker_process_setup_hook": SETUP_HOOK}
    if workers is not None:
        environment["env_vars"] = workers.variable()
    with local_ray(
        folder,
        cpus,
        num_gpus,
        dashboard=dashboard,
        worker_environment=environment,
        setup_worker=Path(forked_worker.__file__).absolute() if workers else None,
    ) as address:
        try:
            yield address
        finally:
            drain()
            shut_down()


def drain(within_s: float = DRAIN_S, interval_s: float = 0.2) -> None:
    """Delete the applications, and wait at most `within_s` seconds until their replicas have
    finished their requests.

    Serve's own shutdown would end its proxies at once, and cut off answers that are being sent.
    """
    logging.getLogger("ray.serve").setLevel(logging.WARNING)  # it announces each deletion
    give_up = time.monotonic() + within_s
    for name in serve.status().applications:
        serve.delete(name, _blocking=False)
    while serve.status().applications and time.monotonic() < give_up:
        time.sleep(interval_s)


def shut_down(within_s: float = SHUTDOWN_S) -> None:
    """End Serve, as `serve.shutdown` does, but without its last line.

    Serve's controller ends during the call, so Ray reports the call as failed. By default Ray would
    repeat it without an end, and print that.
    """
    client = _get_global_client(raise_if_no_controller_running=False)
    if client is None:
        return
    client.shutdown_cached_handles()
    with suppress(RayError):  # it ended, or takes longer: Ray ends it
        ending = client._controller.graceful_shutdown.options(max_task_retries=0).remote()
        ray.get(ending, timeout=within_s)
    _set_global_client(None)


class ServeAccess(Protocol):
    """Passes a config to Serve, and reports the state of the applications. Ray's
    `ServeSubmissionClient` does this over the REST API of Ray's dashboard."""

    def deploy_applications(self, config: dict[str, Any]) -> None:
        """Deploy the config, like `serve deploy`. Raises an error if Serve refuses it."""

    def get_serve_details(self) -> dict[str, Any]:
        """The answer of Serve's REST API at `/api/serve/applications/`."""


class ServeHere:
    """`ServeAccess` for a process that is connected to the Ray.

    It does not use the REST API, which would load Serve into one of the dashboard's processes and
    keep it there: 1.3 s of CPU time and 100 MiB.
    """

    def deploy_applications(self, config: dict[str, Any]) -> None:
        """See `ServeAccess`. Returns when Serve has taken the config and its HTTP server listens.

        Replicas start at the same time as the server; `serve.start` would wait for the server
        first.
        """
        parsed = ServeDeploySchema.model_validate(config)
        servers = self._start(parsed)
        _get_global_client().deploy_apps(parsed)
        ray.get(servers, timeout=HTTP_PROXY_TIMEOUT)

    def _start(self, parsed: ServeDeploySchema) -> list[ray.ObjectRef]:
        """Start Serve's controller. Returns references that are ready when the HTTP servers listen;
        none if Serve runs already."""
        if _get_global_client(raise_if_no_controller_running=False) is not None:
            return []
        _, servers = _create_controller_and_proxy_refs(
            http_options=parsed.http_options.model_dump(),
            grpc_options=parsed.grpc_options.model_dump(),
            global_logging_config=parsed.logging_config,
            global_tracing_config=None,  # the controller takes it from the config
            controller_options=_coerce_controller_options(parsed.controller_options),
            proxy_location=parsed.proxy_location,
        )
        return servers

    def get_serve_details(self) -> dict[str, Any]:
        # Not `serve_start`, which prints a line whenever Serve is already running.
        return _get_global_client().get_serve_details()


def deploy(
    access: ServeAccess, document: dict[str, Any], tries: int = 3, wait_s: float = 1.0
) -> None:
    """Pass the config to Serve.

    On a busy machine, the start of Serve's proxy may time out; another attempt starts a new one. A
    config that Serve refuses is not tried again.

    Raises:
        StartFailed: Serve refuses the config, or all `tries` attempts fail. It has Serve's message.
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
    """Block until every deployment is healthy or `stop` is set. `on_change` gets a line of text
    whenever the state changes.

    Raises:
        StartFailed: the application fails, or does not run within `timeout_s`. It has Serve's
            message.
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


_OWN_ERROR = re.compile(r"^engines\.errors\.\w+: (.+)$", re.MULTILINE)
"""The line of one of our errors at the end of a traceback."""


def _why(application: dict[str, Any]) -> str:
    """Serve's messages. If one of them ends in one of our errors, only that error's sentences: it
    needs no traceback."""
    messages = [application.get("message", "")]
    messages += [
        f"{name}: {deployment['message']}"
        for name, deployment in application.get("deployments", {}).items()
        if deployment.get("message")
    ]
    text = "\n".join(message for message in messages if message)
    own = dict.fromkeys(_OWN_ERROR.findall(text))
    return "\n".join(own) if own else text[-4000:]
