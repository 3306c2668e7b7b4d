"""Address, key and timeouts of a client, and the HTTP requests that it sends. Both clients use
it."""

from __future__ import annotations

import logging
import math
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import httpx

from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.operations.parts import segment
from inferloop_synthdata.transport.address import ServiceAddress
from inferloop_synthdata.transport.progress_stream import NDJSON
from inferloop_synthdata.version import __version__

T = TypeVar("T")

JSON = "application/json"

CONNECT_TIMEOUT_S = 10.0
"""Time limit for connecting. It can be short, because a server accepts connections within seconds
even if its work takes long."""

MAX_MESSAGE_BYTES = 8 * 2**20
"""Largest WebSocket message that is accepted."""

SOCKET_LOG = logging.getLogger("inferloop_synthdata.websocket")
# At level DEBUG, websockets logs the headers, which contain the API key.
SOCKET_LOG.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Connection:
    """Address, timeout in seconds, and API key of a client. Its `repr` does not show the key."""

    address: ServiceAddress
    timeout_s: float
    api_key: str = field(repr=False)

    @classmethod
    def of(cls, api_key: str, base_url: str, timeout_s: float) -> Connection:
        """Raises `ValueError` if the key, the URL or the timeout is not valid."""
        if not api_key or not api_key.isascii() or not api_key.isprintable():
            raise ValueError("api_key must be printable ASCII text")
        return cls(ServiceAddress.of(base_url), _checked(timeout_s), api_key)

    def with_timeout(self, timeout_s: float) -> Connection:
        """A copy with another timeout in seconds. Raises `ValueError` if it is not valid."""
        return replace(self, timeout_s=_checked(timeout_s))

    @property
    def origin(self) -> str:
        """The server's name in messages."""
        return self.address.rest

    @property
    def socket_url(self) -> str:
        """URL of the generation WebSocket."""
        return self.address.socket

    @property
    def connect_timeout_s(self) -> float:
        """Time limit for connecting, in seconds; at most `timeout_s`."""
        return min(CONNECT_TIMEOUT_S, self.timeout_s)

    def headers(self) -> dict[str, str]:
        """Headers of every request: the key and the `User-Agent`."""
        return {"X-API-Key": self.api_key, "User-Agent": f"inferloop-synthdata/{__version__}"}

    def timeout(self) -> httpx.Timeout:
        """Both timeouts as httpx takes them."""
        return httpx.Timeout(self.timeout_s, connect=self.connect_timeout_s)

    def events_request(
        self, http: httpx.Client | httpx.AsyncClient, job_id: str, after_seq: int
    ) -> httpx.Request:
        """The HTTP request for a job's events after number `after_seq`."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after_seq)}
        url = f"{self.address.rest}/jobs/{segment(job_id)}/events"
        return http.build_request("GET", url, headers=headers, timeout=self.timeout())

    def request(
        self,
        http: httpx.Client | httpx.AsyncClient,
        operation: Operation[T],
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx.Request:
        """The HTTP request of an operation. `content`: the bytes of its upload. `headers`: more
        headers, such as `Range` for a download that is continued."""
        files = None
        if operation.upload is not None and content is not None:
            name = operation.upload.file_name
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            files = {"file": (name, content, kind)}
        # An older server, which cannot report progress, answers with plain JSON.
        progress = {} if operation.on_progress is None else {"Accept": f"{NDJSON}, {JSON}"}
        return http.build_request(
            operation.method,
            (self.address.root if operation.below_root else self.address.rest) + operation.path,
            params=operation.query,
            json=operation.body,
            files=files,
            headers={**operation.headers, **headers, **progress},
            timeout=self.timeout(),
        )


def _checked(timeout_s: float) -> float:
    if not 0 < timeout_s < math.inf:
        raise ValueError(f"timeout_s must be above 0 and finite: {timeout_s}")
    return timeout_s
