"""Handing the config to Serve: what is final, and what is tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import ray

from deployments.local.child_service import StartFailed
from deployments.local.cluster import deploy

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
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.mark.parametrize("dashboard", [[200]], indirect=True)
def test_it_is_what_serve_deploy_calls(dashboard: Dashboard) -> None:
    deploy(dashboard.url, DOCUMENT)
    assert dashboard.paths == ["/api/serve/applications/"]


@pytest.mark.parametrize("dashboard", [[400]], indirect=True)
def test_a_config_that_serve_refuses_is_final(dashboard: Dashboard) -> None:
    with pytest.raises(StartFailed, match=r"refused the config: .*400: text"):
        deploy(dashboard.url, DOCUMENT)
    assert len(dashboard.paths) == 1


@pytest.mark.parametrize("dashboard", [[500, 200]], indirect=True)
def test_serve_s_own_trouble_is_tried_again(dashboard: Dashboard) -> None:
    deploy(dashboard.url, DOCUMENT, wait_s=0.0)
    assert len(dashboard.paths) == 2


@pytest.mark.parametrize("dashboard", [[500, 500, 500]], indirect=True)
def test_but_not_for_ever(dashboard: Dashboard) -> None:
    with pytest.raises(StartFailed):
        deploy(dashboard.url, DOCUMENT, tries=3, wait_s=0.0)
    assert len(dashboard.paths) == 3
