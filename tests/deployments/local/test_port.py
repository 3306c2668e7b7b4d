"""One port, one service: Ray Serve alone would let a second one listen beside the first."""

from __future__ import annotations

import socket

import pytest

from deployments.local.port import PortNotFree, reserved_port
from local_ray.running import free_port


def serves_socket(port: int) -> socket.socket:
    """Bound as Ray Serve binds it, and listening."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_a_port_on_which_a_service_listens_is_refused_with_what_to_do() -> None:
    port = free_port()
    with (
        serves_socket(port),
        pytest.raises(PortNotFree, match=f"Port {port} of 127.0.0.1.*INFERLOOP_PORT"),
        reserved_port("127.0.0.1", port),
    ):
        pass


def test_two_starts_at_once_do_not_get_one_port() -> None:
    port = free_port()
    with (
        reserved_port("127.0.0.1", port),
        pytest.raises(PortNotFree, match="another program"),
        reserved_port("127.0.0.1", port),
    ):
        pass


def test_the_service_itself_listens_and_gets_all_connections() -> None:
    port = free_port()
    with reserved_port("127.0.0.1", port), serves_socket(port) as server:
        for _ in range(8):
            with socket.create_connection(("127.0.0.1", port), timeout=60):
                accepted, _ = server.accept()
                accepted.close()


def test_a_port_that_was_closed_a_moment_ago_is_free() -> None:
    """Its last connections wait for a minute in the kernel."""
    port = free_port()
    with serves_socket(port) as server, socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        accepted.close()  # this side closes first, and so it waits
        assert client.recv(1) == b""
    with reserved_port("127.0.0.1", port):
        pass


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(PortNotFree, match="INFERLOOP_HOST"), reserved_port(host, free_port()):
        pass
