"""A stream that fails: errors, refusals, cut connections, silence; on both clients."""

from __future__ import annotations

import json
import logging
import socket
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY
from tests.sdk.streams.socket_server import SocketServer, generation, progress, send
from tests.sdk.streams.stream_listener import Listener, error


@pytest.fixture(params=["sync", "async"])
def listener(request: pytest.FixtureRequest, socket_server: SocketServer) -> Listener:
    return Listener(request.param, socket_server.base_url)


def test_an_error_message_is_raised(listener: Listener, socket_server: SocketServer) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        send(connection, progress(1, 3))
        send(connection, error("REPLICA_LOST"))
        socket_server.listen_to_the_end(connection)

    socket_server.behaviors = [behave]
    with pytest.raises(sdk.ReplicaLost) as caught:
        listener.listen()
    assert caught.value.status is None
    assert len(listener.events) == 1


def test_what_was_not_run_is_asked_again(listener: Listener, socket_server: SocketServer) -> None:
    def refuse(connection: ServerConnection) -> None:
        connection.recv()
        send(connection, error("RATE_LIMITED", retry_after_s=4.0))

    socket_server.behaviors = [refuse, generation(2)]
    listener.listen()
    assert len(listener.events) == 3
    assert 4.0 <= listener.waits.slept_s[0] <= 4.5
    assert len(socket_server.paths) == 2


def test_a_reason_sent_before_the_request_is_heard(
    listener: Listener, socket_server: SocketServer
) -> None:
    def refuse(connection: ServerConnection) -> None:
        send(connection, error("OVERLOADED", retry_after_s=99999))
        connection.close(1013)

    socket_server.behaviors = [refuse]
    with pytest.raises(sdk.Overloaded):
        listener.listen()


def test_a_job_that_has_begun_is_never_asked_again(
    listener: Listener, socket_server: SocketServer
) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        send(connection, progress(1, 3))
        send(connection, error("OVERLOADED", retry_after_s=1))

    socket_server.behaviors = [behave]
    with pytest.raises(sdk.Overloaded):
        listener.listen()
    assert listener.waits.slept_s == []
    assert len(socket_server.paths) == 1


def test_a_connection_that_is_cut_is_not_a_result(
    listener: Listener, socket_server: SocketServer
) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()

    socket_server.behaviors = [behave]
    with pytest.raises(sdk.ConnectionFailed) as caught:
        listener.listen()
    assert caught.value.request_sent is True
    assert KEY not in str(caught.value)
    assert len(socket_server.paths) == 1


@pytest.mark.parametrize("steps", [0, 1])
def test_who_is_cut_off_is_told_how_to_go_on(
    listener: Listener, socket_server: SocketServer, steps: int
) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        for step in range(steps):
            send(connection, progress(step + 1, 3))
        connection.socket.shutdown(socket.SHUT_RDWR)  # as a killed process: no close frame

    socket_server.behaviors = [behave]
    with pytest.raises(sdk.ConnectionFailed, match="was cut before the image was done") as caught:
        listener.listen()
    assert "inferloop generate --async" in str(caught.value)
    assert len(socket_server.paths) == 1


def test_a_reason_in_the_close_frame_is_told(
    listener: Listener, socket_server: SocketServer
) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        connection.close(1012, "restarting")

    socket_server.behaviors = [behave]
    with pytest.raises(sdk.ConnectionFailed, match=r"closed the connection \(1012 restarting\)"):
        listener.listen()


def test_nobody_there(listener: Listener) -> None:
    listener.base_url = "http://127.0.0.1:9"
    with pytest.raises(sdk.ConnectionFailed) as caught:
        listener.listen()
    assert caught.value.request_sent is False
    assert KEY not in str(caught.value)
    # No connection was made, so three retries were safe.
    assert len(listener.waits.slept_s) == 3


def test_a_denied_handshake_is_a_refused_key(
    listener: Listener, socket_server: SocketServer
) -> None:
    def deny(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus.FORBIDDEN, "")

    socket_server.refusals = [deny]
    with pytest.raises(sdk.Unauthorized) as caught:
        listener.listen()
    assert KEY not in str(caught.value)


def test_an_envelope_in_the_handshake_is_read(
    listener: Listener, socket_server: SocketServer
) -> None:
    def deny(connection: ServerConnection, request: Request) -> Response:
        body = {"error": {"code": "OVERLOADED", "message": "Full", "details": {}}}
        answer = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, json.dumps(body))
        answer.headers["Retry-After"] = "2"
        return answer

    socket_server.refusals = [deny]
    listener.listen()
    assert 2.0 <= listener.waits.slept_s[0] <= 2.5
    assert isinstance(listener.events[-1], sdk.Result)


def test_a_close_by_policy_is_a_refused_key(
    listener: Listener, socket_server: SocketServer
) -> None:
    socket_server.behaviors = [lambda connection: connection.close(1008, "Unknown key")]
    with pytest.raises(sdk.Unauthorized, match="Unknown key"):
        listener.listen()


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"type": "surprise"}',
        '{"type": "progress"}',
        '{"type": "progress", "job_id": "j", "step": true, "total_steps": 3}',
        '{"type": "progress", "job_id": "j", "step": 1, "total_steps": 0}',
        '{"type": "progress", "job_id": "j", "step": 1, "total_steps": 3, "preview": "%"}',
        '{"type": "result", "job_id": "j"}',
    ],
)
def test_a_message_outside_the_contract_is_named_as_such(
    listener: Listener, socket_server: SocketServer, text: str
) -> None:
    socket_server.behaviors = [lambda connection: connection.send(text)]
    with pytest.raises(sdk.UnexpectedAnswer):
        listener.listen()


def test_silence_ends_with_the_callers_patience(
    listener: Listener, socket_server: SocketServer
) -> None:
    listener.timeout_s = 0.2
    socket_server.behaviors = [socket_server.listen_to_the_end]
    with pytest.raises(sdk.RequestTimedOut):
        listener.listen()
    assert len(socket_server.paths) == 1


def test_the_key_is_in_no_log(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        listener.listen()
    # The test's own server logs what it hears; the client must not.
    said = [record.getMessage() for record in caplog.records if "server" not in record.name]
    assert KEY not in "\n".join(said)
