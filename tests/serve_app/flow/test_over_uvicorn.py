"""The same application behind a real server and real clients: what no in-process client shows."""

from __future__ import annotations

import http.client
import io
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.waiting import PATIENCE_S, wait_for


@dataclass
class Served:
    api: Api
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def socket(self, key: str = KEY) -> ClientConnection:
        path = f"/api/v1/ws/generation?api_key={key}"
        return connect(f"ws://127.0.0.1:{self.port}{path}", proxy=None)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    yield from serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS)))


def serving(api: Api) -> Iterator[Served]:
    """The API behind uvicorn on a port of its own, while the generator is not closed."""
    # Without `log_config`, because uvicorn would close the handlers that a library has made, and
    # with them pytest's own files.
    config = uvicorn.Config(
        api.app, host="127.0.0.1", port=0, log_config=None, log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield Served(api, server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_the_server_leaves_the_handlers_of_libraries_open() -> None:
    """absl's handler closes the standard error that it was made with: under pytest, a file that all
    later tests need."""
    closed: list[str] = []

    class Handler(logging.StreamHandler[io.StringIO]):
        def close(self) -> None:
            closed.append("closed")
            super().close()

    handler = Handler(io.StringIO())
    for _ in serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS))):
        assert closed == []
    handler.close()


def test_a_wrong_key_is_a_denied_handshake(served: Served) -> None:
    with pytest.raises(InvalidStatus) as denied, served.socket("wrong"):
        pass
    assert denied.value.response.status_code == 403


def test_progress_and_result_over_a_real_socket(served: Served) -> None:
    with served.socket() as socket:
        socket.send(json.dumps({"type": "generate", "prompt": "x", "num_inference_steps": 20}))
        messages = [json.loads(socket.recv(timeout=PATIENCE_S)) for _ in range(21)]
    assert [message.get("step") for message in messages] == [*range(1, 21), None]
    assert messages[-1]["type"] == "result"


def test_a_client_that_vanishes_stops_its_jobs(served: Served) -> None:
    generation = served.api.fakes.generation
    generation.held = True
    try:
        with served.socket() as socket:
            socket.send(json.dumps({"type": "generate", "prompt": "vanish"}))
            wait_for(lambda: generation.running == 1)
        wait_for(lambda: generation.running == 0)
        assert generation.stopped == [generation.started[-1].image_id]
    finally:
        generation.held = False


def test_a_rest_client_that_vanishes_stops_its_job(served: Served) -> None:
    generation = served.api.fakes.generation
    generation.held = True
    before = len(generation.stopped)
    try:
        client = http.client.HTTPConnection("127.0.0.1", served.port)
        headers = {**HEADERS, "Content-Type": "application/json"}
        client.request("POST", "/api/v1/generate", json.dumps({"prompt": "x"}), headers)
        wait_for(lambda: generation.running == 1)
        client.close()
        wait_for(lambda: generation.running == 0)
        assert len(generation.stopped) == before + 1
    finally:
        generation.held = False


def test_a_chunked_body_past_the_limit_is_413(served: Served) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"prompt": "'
        for _ in range(17):
            yield b"x" * 65_536

    answer = httpx.post(
        served.url("/api/v1/generate"), content=chunks(), headers=HEADERS, trust_env=False
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_bytes_survive_the_wire(served: Served) -> None:
    with httpx.Client(headers=HEADERS, trust_env=False) as client:
        files = {"file": ("x.png", PNG + bytes(range(256)), "image/png")}
        path = client.post(served.url("/api/v1/images"), files=files).json()["image_path"]
        back = client.get(served.url("/api/v1/images"), params={"path": path})
    assert back.content == PNG + bytes(range(256))


def test_an_unknown_upgrade_is_denied_too(served: Served) -> None:
    url = f"ws://127.0.0.1:{served.port}/api/v1/ws/other?api_key={KEY}"
    with pytest.raises(InvalidStatus) as denied, connect(url, proxy=None):
        pass
    assert denied.value.response.status_code == 403
