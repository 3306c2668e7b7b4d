"""Reserves the service's port, so that no other start takes it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class PortNotFree(Exception):
    """The service cannot listen there. The message says why, and what to change."""


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[None]:
    """Check that nothing listens at `host:port`, and reserve the port during the block.

    Ray Serve sets SO_REUSEPORT on its socket, so a second service of the same user would listen at
    the same port, and the kernel would give each of them half of the connections. The socket that
    is bound here shares the port with Serve's and takes no connections.

    Raises:
        PortNotFree: something listens there, or the address is not one of this machine.
    """
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    with socket.socket(family) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(alone, name, port)
    with socket.socket(family) as shared:
        # Without SO_REUSEADDR, so that the check above fails for the next start. Binding fails
        # while old connections of another program are closing; the start continues anyway.
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with suppress(OSError):
            shared.bind((name, port))
        yield


def _bind(probe: socket.socket, host: str, port: int) -> None:
    try:
        probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = "another program listens there: stop it, or set INFERLOOP_PORT to another port"
        else:
            hint = f"{error.strerror}: set INFERLOOP_HOST and INFERLOOP_PORT"
        raise PortNotFree(f"Port {port} of {host} cannot be used ({hint})") from error
