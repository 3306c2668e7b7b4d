"""Handing the config to Serve: what is final, and what is tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import ray
from ray.dashboard.modules.serve.sdk import ServeSubmissionClient
from ray.exceptions import RayTaskError

from deployments.local.child_service import StartFailed
from deployments.local.cluster import ServeHere, deploy, wait_until_running

DOCUMENT: dict[str, Any] = {"applications": []}


class Dashboard:
    """Answers each `PUT` with the next of the statuses, and says its version, on loopback."""

    def __init__(self, statuses: list[int]) -> None:
        answers = iter(statuses)
        self.paths: list[str] = []
        paths = self.paths

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                paths.append(self.path)
                self.send_response(next(answers))
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"text")

            def do_GET(self) -> None:
                body = json.dumps({"version": "4", "ray_version": ray.__version__}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def dashboard(request: pytest.FixtureRequest) -> Iterator[Dashboard]:
    running = Dashboard(list(request.param))
    thread = threading.Thread(target=running.server.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.mark.parametrize("dashboard", [[200]], indirect=True)
def test_it_is_what_serve_deploy_calls(dashboard: Dashboard) -> None:
    deploy(ServeSubmissionClient(dashboard.url), DOCUMENT)
    assert dashboard.paths == ["/api/serve/applications/"]


@pytest.mark.parametrize("dashboard", [[400]], indirect=True)
def test_a_config_that_serve_refuses_is_final(dashboard: Dashboard) -> None:
    with pytest.raises(StartFailed, match=r"refused the config: .*400: text"):
        deploy(ServeSubmissionClient(dashboard.url), DOCUMENT)
    assert len(dashboard.paths) == 1


@pytest.mark.parametrize("dashboard", [[500, 200]], indirect=True)
def test_serve_s_own_trouble_is_tried_again(dashboard: Dashboard) -> None:
    deploy(ServeSubmissionClient(dashboard.url), DOCUMENT, wait_s=0.0)
    assert len(dashboard.paths) == 2


@pytest.mark.parametrize("dashboard", [[500, 500, 500]], indirect=True)
def test_but_not_for_ever(dashboard: Dashboard) -> None:
    with pytest.raises(StartFailed):
        deploy(ServeSubmissionClient(dashboard.url), DOCUMENT, tries=3, wait_s=0.0)
    assert len(dashboard.paths) == 3


class Serve:
    """`ServeAccess` whose calls end as they are told to, one after another."""

    def __init__(self, *ends: Exception | None, states: Sequence[dict[str, Any]] = ()) -> None:
        self.ends = list(ends)
        self.states = list(states)

    def deploy_applications(self, config: dict[str, Any]) -> None:
        assert config is DOCUMENT
        if (error := self.ends.pop(0)) is not None:
            raise error

    def get_serve_details(self) -> dict[str, Any]:
        state = self.states.pop(0)
        return {"applications": {"inferloop": state} if state else {}}


def state(status: str, message: str = "", **deployments: str) -> dict[str, Any]:
    """An application, and the statuses of its deployments."""
    named = {
        name: {"status": each, "message": f"{name} says so" if each == "UNHEALTHY" else ""}
        for name, each in deployments.items()
    }
    return {"status": status, "message": message, "deployments": named}


@pytest.mark.parametrize(
    "trouble", [TimeoutError("HTTP proxies not available after 60s."), RuntimeError("no")]
)
def test_a_proxy_that_does_not_come_up_is_tried_again(trouble: Exception) -> None:
    access = Serve(trouble, None)
    deploy(access, DOCUMENT, wait_s=0.0)
    assert not access.ends


def test_what_the_controller_refuses_is_final() -> None:
    access = Serve(RayTaskError("apply_config", "", ValueError("a name twice")), None)
    with pytest.raises(StartFailed, match="refused the config: "):
        deploy(access, DOCUMENT, wait_s=0.0)
    assert len(access.ends) == 1


def test_a_document_that_is_no_config_is_refused_before_serve_starts() -> None:
    with pytest.raises(StartFailed, match=r"(?s)refused the config: .*applications"):
        deploy(ServeHere(), {"applications": "all of them"})


def test_the_wait_ends_when_everything_runs_and_tells_for_what_it_waited() -> None:
    states: tuple[dict[str, Any], ...] = (
        {},
        state("DEPLOYING", quality="UPDATING", ingress="UPDATING"),
        state("DEPLOYING", quality="UPDATING", ingress="HEALTHY"),
        state("RUNNING", quality="HEALTHY", ingress="HEALTHY"),
    )
    said: list[str] = []
    access = Serve(states=states)
    wait_until_running(access, threading.Event(), on_change=said.append, interval_s=0.0)
    assert said == [
        "building the application",
        "waiting for ingress, quality",
        "waiting for quality",
    ]
    assert not access.states


@pytest.mark.parametrize("status", ["DEPLOY_FAILED", "UNHEALTHY"])
def test_a_deployment_that_cannot_start_ends_the_wait_with_its_words(status: str) -> None:
    access = Serve(states=[state(status, "all is lost", quality="UNHEALTHY", ingress="HEALTHY")])
    with pytest.raises(StartFailed, match="all is lost\nquality: quality says so"):
        wait_until_running(access, threading.Event())


def test_one_of_our_errors_is_said_without_its_traceback() -> None:
    said = (
        "Traceback (most recent call last):\n  File x\nengines.errors.InvalidParameters: A secret"
    )
    access = Serve(states=[state("DEPLOY_FAILED", said, ingress="HEALTHY")])
    with pytest.raises(StartFailed) as failed:
        wait_until_running(access, threading.Event())
    assert str(failed.value) == "A secret"


def test_who_stops_the_start_is_not_kept_waiting() -> None:
    stop = threading.Event()
    stop.set()
    wait_until_running(Serve(states=[state("DEPLOYING")]), stop)
