"""Generation over a real WebSocket: events, errors, early leaving; on both clients."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY
from tests.sdk.streams.socket_server import RESULT, SocketServer, generation, progress, send
from tests.sdk.streams.stream_listener import Listener
from tests.waiting import PATIENCE_S


@pytest.fixture(params=["sync", "async"])
def listener(request: pytest.FixtureRequest, socket_server: SocketServer) -> Listener:
    return Listener(request.param, socket_server.base_url)


def test_progress_of_every_step_then_the_result(
    listener: Listener, socket_server: SocketServer
) -> None:
    listener.listen(width=64, previews=True, negative_prompt=None)

    steps = [event.step for event in listener.events if isinstance(event, sdk.Progress)]
    assert steps == [1, 2, 3]
    assert listener.events[1] == sdk.Progress("job_1", 2, 3, 2 / 3)
    assert listener.events[-1] == sdk.Result(
        "job_1", "/data/generated/image_1.png", "a fox", "inferloop-mini", {"seed": 7}
    )
    assert socket_server.paths == ["/api/v1/ws/generation"]


def test_the_key_is_in_a_header_and_not_in_the_url(
    listener: Listener, socket_server: SocketServer
) -> None:
    listener.listen()
    (path,), (headers,) = socket_server.paths, socket_server.headers
    assert (headers["X-API-Key"], KEY in path) == (KEY, False)
    assert headers["User-Agent"].startswith("inferloop-synthdata/")


def test_a_redirect_does_not_carry_the_key_to_another_server(
    listener: Listener, socket_server: SocketServer
) -> None:
    with SocketServer() as stranger:
        there = f"{stranger.base_url.replace('http', 'ws')}/api/v1/ws/generation"

        def redirect(connection: ServerConnection, request: Request) -> Response:
            answer = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "elsewhere")
            answer.headers["Location"] = there
            return answer

        socket_server.refusals = [redirect]
        with pytest.raises(sdk.UnexpectedAnswer, match="redirects"):
            listener.listen()
        assert stranger.headers == []


def test_the_request_is_the_contracts(listener: Listener, socket_server: SocketServer) -> None:
    asked = []

    def behave(connection: ServerConnection) -> None:
        asked.append(json.loads(connection.recv()))
        send(connection, RESULT)

    socket_server.behaviors = [behave]
    listener.listen(width=64, previews=True, negative_prompt=None)
    assert asked == [{"type": "generate", "prompt": "a fox", "width": 64, "previews": True}]


def test_a_preview_arrives_as_bytes(listener: Listener, socket_server: SocketServer) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        send(connection, progress(1, 2, preview="/9j/"))
        send(connection, RESULT)

    socket_server.behaviors = [behave]
    listener.listen(previews=True)
    first = listener.events[0]
    assert isinstance(first, sdk.Progress)
    assert first.preview_jpeg == b"\xff\xd8\xff"


def test_leaving_early_cancels_the_job(listener: Listener, socket_server: SocketServer) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        send(connection, progress(1, 50))
        socket_server.listen_to_the_end(connection)

    socket_server.behaviors = [behave]
    listener.listen(until=lambda event: True)
    assert len(listener.events) == 1
    assert socket_server.connection_ended.wait(PATIENCE_S)
    assert socket_server.received == [{"type": "cancel", "job_id": "job_1"}]


def test_a_finished_job_is_not_canceled(listener: Listener, socket_server: SocketServer) -> None:
    def behave(connection: ServerConnection) -> None:
        generation(2)(connection)
        socket_server.listen_to_the_end(connection)

    socket_server.behaviors = [behave]
    listener.listen()
    assert socket_server.connection_ended.wait(PATIENCE_S)
    assert socket_server.received == []
