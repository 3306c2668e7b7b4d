"""How a kept job comes back into the application: by a door behind the middleware that it passed
when it was accepted."""

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
    """Filled by its middleware when the application is assembled."""

    def __init__(self) -> None:
        self._inner: ASGIApp | None = None

    def lead_to(self, inner: ASGIApp) -> None:
        """Name the application that jobs are run against."""
        self._inner = inner

    async def enter(self, visit: Visit) -> Answer:
        """Run the job's route, and return what it would have answered. Raises nothing: errors are
        answers."""
        if self._inner is None:
            raise RuntimeError("The application is not assembled yet")
        await self._inner(visit.scope(), visit.receive, visit.send)
        return visit.answer()


class EntranceMiddleware:
    """Marks the place where kept jobs come in; requests pass it unchanged."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        entrance.lead_to(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@dataclass
class Visit:
    """One run as an ASGI exchange. Its client is the job store: it leaves when the job is to be
    canceled."""

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
        """As a server would make it, with what the middleware would have added."""
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
        """The body of the stored request once; then nothing until the job is canceled, which is a
        disconnect."""
        if not self._body_taken:
            self._body_taken = True
            return {"type": "http.request", "body": self.request.body.encode(), "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keep the message, from which the job's answer is made."""
        self._sent.append(message)

    def answer(self) -> Answer:
        """What was sent."""
        start = self._sent[0]
        body = b"".join(message.get("body", b"") for message in self._sent[1:])
        return kept_part(start["status"], Headers(raw=start["headers"]), body)
