"""The entrance by which durable jobs come back into the application.

It is behind the middleware that the request already passed when it was accepted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engines.jobs.model import Answer, Job, JobRequest
from serve_app.access.audit import AuditNote
from serve_app.access.binding import SPACE_HEADER
from serve_app.access.caller import Caller
from serve_app.durable.run import JobRun
from serve_app.durable.views import kept_part


class Entrance:
    """The entrance for jobs.

    `EntranceMiddleware` completes it when the application is assembled.
    """

    def __init__(self) -> None:
        self._inner: ASGIApp | None = None

    def lead_to(self, inner: ASGIApp) -> None:
        """Set the application that jobs are run against."""
        self._inner = inner

    async def enter(self, visit: Visit) -> Answer:
        """Run the route of a job and return the answer that it would have sent.

        Raises nothing, since errors are answers too.
        """
        if self._inner is None:
            raise RuntimeError("The application is not assembled yet")
        await self._inner(visit.scope(), visit.receive, visit.send)
        return visit.answer()


class EntranceMiddleware:
    """The place in the middleware stack where durable jobs enter. Other requests pass unchanged."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        entrance.lead_to(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@dataclass
class Visit:
    """One run of a job as an ASGI exchange.

    The job store takes the place of the client: it disconnects when the job is to be canceled.
    """

    app: ASGIApp
    job: Job
    request: JobRequest
    caller: Caller
    run: JobRun
    note: AuditNote = field(default_factory=AuditNote)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _body_taken: bool = False
    _sent: list[Message] = field(default_factory=list)

    def scope(self) -> dict[str, Any]:
        """The ASGI scope as a server would create it, with what the passed middleware would have
        added."""
        headers = [(b"content-type", b"application/json")]
        if self.job.owner.space is not None:
            headers.append((SPACE_HEADER.lower().encode(), self.job.owner.space.encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "server": None,
            "client": None,
            "root_path": "",
            "path": self.request.path,
            "raw_path": self.request.path.encode(),
            "query_string": b"",
            "headers": headers,
            "app": self.app,
            "state": {
                "caller": self.caller,
                "audit": self.note,
                "request_id": self.job.id,
                "run": self.run,
            },
        }

    async def receive(self) -> Message:
        """The body of the stored request, once.

        After that it waits, and reports a disconnect when the job is canceled.
        """
        if not self._body_taken:
            self._body_taken = True
            return {"type": "http.request", "body": self.request.body.encode(), "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Collect a message of the answer."""
        self._sent.append(message)

    def answer(self) -> Answer:
        """The collected answer."""
        start = self._sent[0]
        body = b"".join(message.get("body", b"") for message in self._sent[1:])
        return kept_part(start["status"], Headers(raw=start["headers"]), body)
