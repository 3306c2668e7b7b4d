"""What both clients know of the server: address, key, patience; and how a request looks."""

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
"""A server that is there answers the handshake in seconds, however long its work takes."""

MAX_MESSAGE_BYTES = 8 * 2**20
"""Of one WebSocket message: previews are small."""

SOCKET_LOG = logging.getLogger("inferloop_synthdata.websocket")
# At DEBUG, websockets logs the headers, and one of them is the API key.
SOCKET_LOG.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Connection:
    """Fixed facts of a client. Its `repr` does not show the key."""

    address: ServiceAddress
    timeout_s: float
    api_key: str = field(repr=False)

    @classmethod
    def of(cls, api_key: str, base_url: str, timeout_s: float) -> Connection:
        """Checks what cannot work before anything is sent; raises `ValueError`."""
        if not api_key or not api_key.isascii() or not api_key.isprintable():
            raise ValueError("api_key must be printable ASCII text")
        return cls(ServiceAddress.of(base_url), _checked(timeout_s), api_key)

    def with_timeout(self, timeout_s: float) -> Connection:
        """The same with another patience; raises `ValueError`."""
        return replace(self, timeout_s=_checked(timeout_s))

    @property
    def origin(self) -> str:
        """The server's name in messages."""
        return self.address.rest

    @property
    def socket_url(self) -> str:
        """Of the generation WebSocket."""
        return self.address.socket

    @property
    def connect_timeout_s(self) -> float:
        """Seconds to connect in: fewer than for the whole answer."""
        return min(CONNECT_TIMEOUT_S, self.timeout_s)

    def headers(self) -> dict[str, str]:
        """What every request carries: the key, and who asks."""
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
        """The HTTP request of an operation; `content` is the bytes of its upload, `headers` those
        of the file that it is saved to."""
        files = None
        if operation.upload is not None and content is not None:
            name = operation.upload.file_name
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            files = {"file": (name, content, kind)}
        # A server that knows no progress answers with the plain JSON.
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
