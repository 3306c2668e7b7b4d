"""Converts errors of httpx and websockets to the client's own errors.

Messages of these libraries are not quoted, because they may contain a URL with a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)

from inferloop_synthdata.errors import (
    ClientError,
    ConnectionFailed,
    RequestTimedOut,
    Unauthorized,
    UnexpectedAnswer,
)
from inferloop_synthdata.operations.operation import Reply
from inferloop_synthdata.transport.conversation import failure_of
from inferloop_synthdata.transport.generation_stream import handshake_failure

_AFTER_A_CUT = (
    "before the image was done. It may be stored or not. Ask again: with the same seed it is the "
    "same image. A job survives this: client.jobs.submit, inferloop generate --async"
)
"""What a caller can do. Nothing says whether the service stored the image after it was cut off."""
_NO_SOCKS = (
    "a SOCKS proxy of the environment (ALL_PROXY) needs: pip install 'httpx[socks]' python-socks; "
    "or set NO_PROXY for the service"
)
_POLICY_VIOLATION = 1008
"""Close code (RFC 6455, section 7.4.1) with which the service refuses a key after the handshake."""


@contextmanager
def http_errors(origin: str) -> Iterator[None]:
    """Convert errors of httpx that the block raises. `origin`: the server's name for messages.

    Raises `ConnectionFailed`, `RequestTimedOut` or `UnexpectedAnswer`.
    """
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
        raise ConnectionFailed(f"Cannot connect to {origin}", request_sent=False) from None
    except httpx.TimeoutException:
        raise RequestTimedOut(f"No answer from {origin} in time", request_sent=True) from None
    except (httpx.DecodingError, httpx.TooManyRedirects, httpx.InvalidURL):
        raise UnexpectedAnswer(f"The answer of {origin} cannot be read") from None
    except httpx.TransportError:
        raise ConnectionFailed(f"The connection to {origin} was cut", request_sent=True) from None


@contextmanager
def proxy_errors() -> Iterator[None]:
    """Convert errors from creating a client, if a proxy in the environment is not usable, to
    `ValueError`."""
    try:
        yield
    except ImportError:
        raise ValueError(_NO_SOCKS) from None
    except (httpx.InvalidURL, ValueError):
        raise ValueError(
            "the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY does not have a valid address"
        ) from None


@contextmanager
def handshake_errors(origin: str) -> Iterator[None]:
    """Convert errors from opening a WebSocket. No request was sent before."""
    try:
        yield
    except InvalidStatus as error:
        raise _refusal(error) from None
    except ImportError:
        raise ValueError(_NO_SOCKS) from None
    except (OSError, InvalidHandshake, WebSocketException, EOFError):
        # TimeoutError is an OSError.
        raise ConnectionFailed(f"Cannot connect to {origin}", request_sent=False) from None


@contextmanager
def socket_errors(origin: str) -> Iterator[None]:
    """Convert errors of an open WebSocket.

    Raises `ConnectionFailed`, `RequestTimedOut` or `Unauthorized`.
    """
    try:
        yield
    except TimeoutError:
        raise RequestTimedOut(f"No message from {origin} in time", request_sent=True) from None
    except ConnectionClosed as error:
        raise _closed(error, origin) from None
    except (OSError, WebSocketException):
        raise _cut(f"The connection to {origin} was cut") from None


def _refusal(error: InvalidStatus) -> ClientError:
    response = error.response
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    failure = failure_of(Reply(response.status_code, headers, bytes(response.body or b"")))
    if failure is None:
        return UnexpectedAnswer("The server does not speak WebSocket: is base_url right?")
    return handshake_failure(failure)


def _closed(error: ConnectionClosed, origin: str) -> ClientError:
    if error.rcvd is not None and error.rcvd.code == _POLICY_VIOLATION:
        return Unauthorized("UNAUTHORIZED", None, error.rcvd.reason or "The API key was refused")
    if error.rcvd is None:
        return _cut(f"The connection to {origin} was cut")
    return _cut(f"{origin} closed the connection ({error.rcvd.code} {error.rcvd.reason})")


def _cut(what: str) -> ConnectionFailed:
    """The error of a WebSocket that ended before its image was done."""
    return ConnectionFailed(f"{what.replace(' )', ')')} {_AFTER_A_CUT}", request_sent=True)
