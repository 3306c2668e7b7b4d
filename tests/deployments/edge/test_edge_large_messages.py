"""A WebSocket whose client sends large messages, or many frames that are no messages."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from tests.deployments.edge.edge_server import edge_server, everything_from
from tests.deployments.edge.test_edge_held_connections import Sockets, handshaken
from tests.waiting import PATIENCE_S, wait_for

CONTINUATION, TEXT, PING, PONG = 0x0, 0x1, 0x9, 0xA
WHOLE = 0x80
TOO_LARGE, REFUSED = 1009, 1008
HARDLY = 1e-9
"""So slow a rate that what was sent at once is all that may be sent."""


def frame(opcode: int, payload: bytes = b"", last: bool = True) -> bytes:
    """What a client sends: masked, with the mask zero."""
    size = len(payload)
    if size < 126:
        length = struct.pack("!B", 0x80 | size)
    elif size < 65_536:
        length = struct.pack("!BH", 0x80 | 126, size)
    else:
        length = struct.pack("!BQ", 0x80 | 127, size)
    return bytes([opcode | (WHOLE if last else 0)]) + length + bytes(4) + payload


def close_code(client: socket.socket) -> int:
    """Read until the server has closed; the code in its last frame."""
    end = everything_from(client)
    at = end.rindex(bytes([WHOLE | 0x8]))
    code: int = struct.unpack("!H", end[at + 2 : at + 4])[0]
    return code


def test_a_message_above_the_limit_ends_the_connection_before_it_has_arrived() -> None:
    app = Sockets()
    with edge_server(app, max_socket_message_bytes=10_000) as port, handshaken(port) as client:
        client.sendall(frame(TEXT, b"x" * 2**24)[:100])  # its head says how long it will be
        assert close_code(client) == TOO_LARGE
        assert app.ended.wait(PATIENCE_S)


def test_the_parts_of_a_message_count_together() -> None:
    app = Sockets()
    with edge_server(app, max_socket_message_bytes=10_000) as port, handshaken(port) as client:
        client.sendall(frame(TEXT, b"x" * 6000, last=False))
        client.sendall(frame(CONTINUATION, b"x" * 6000)[:100])
        assert close_code(client) == TOO_LARGE
    assert app.texts == []


def test_a_message_of_the_limit_arrives_in_whatever_parts() -> None:
    app = Sockets()
    with edge_server(app, max_socket_message_bytes=10_000) as port, handshaken(port) as client:
        client.sendall(frame(TEXT, b"x" * 10_000))
        client.sendall(frame(TEXT, b"y" * 9_500, last=False))
        client.sendall(frame(CONTINUATION, b"y", last=False) * 499 + frame(CONTINUATION, b"y"))
        wait_for(lambda: len(app.texts) == 2)
    assert app.texts == ["x" * 10_000, "y" * 10_000]


@pytest.mark.parametrize("opcode", [CONTINUATION, PING, PONG])
def test_a_flood_of_frames_that_are_no_messages_ends_the_connection(opcode: int) -> None:
    """The application never sees them, and so cannot slow their client down; empty parts of a
    message are within every limit of its size."""
    app = Sockets()
    with edge_server(app, socket_messages_per_s=HARDLY) as port, handshaken(port) as client:
        client.sendall(frame(TEXT, b"x", last=False))
        client.sendall(frame(opcode, last=opcode != CONTINUATION) * 1500)
        assert close_code(client) == REFUSED
        assert app.ended.wait(PATIENCE_S)


def test_what_was_sent_long_ago_no_longer_counts() -> None:
    app = Sockets()
    fast = 1e9
    with edge_server(app, socket_messages_per_s=fast) as port, handshaken(port) as client:
        client.sendall(frame(PING) * 5000 + frame(TEXT, b"x"))
        wait_for(lambda: app.texts == ["x"])


def test_bytes_after_a_refusal_are_not_parsed() -> None:
    with edge_server(Sockets(), max_socket_message_bytes=10_000) as port:
        with handshaken(port) as client:
            client.sendall(frame(TEXT, b"x" * 20_000)[:14] + os.urandom(30_000))
            everything_from(client)
        with handshaken(port) as client:  # the server goes on
            client.sendall(frame(0x8))
            everything_from(client)
