"""Limits the application's context to what a caller may use: the services and jobs of one space."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.requests import HTTPConnection

from engines.errors import Forbidden
from engines.types import check_space
from serve_app.access.audit import AuditNote
from serve_app.access.caller import Caller
from serve_app.access.tickets import TICKET_OWNER, Owner
from serve_app.context import Context
from serve_app.durable.run import JobRun
from serve_app.paths import Field, PathCodec

SPACE_HEADER = "X-Space"
SPACE_PARAMETER = "space"
"""For the WebSocket only, because browsers cannot set headers for it."""


class NotedPaths(PathCodec):
    """Records for the audit log each path that the request names or that its answer contains."""

    def __init__(self, root: str, note: AuditNote) -> None:
        super().__init__(root)
        self._note = note

    def to_wire(self, key: str) -> str:
        """See `PathCodec.to_wire`. The path is recorded."""
        path = super().to_wire(key)
        self._note.add(path)
        return path

    def to_key(self, path: str, field: Field) -> str:
        """See `PathCodec.to_key`. The path is recorded."""
        key = super().to_key(path, field)
        self.to_wire(key)
        return key


def space_of(connection: HTTPConnection, caller: Caller) -> str | None:
    """The space that the request acts in.

    This is the key's own space; for an admin, the space that the request names; for a ticket, the
    space in which it was issued. Raises `Forbidden` if the caller names a space that it may not
    use, whether or not that space exists.
    """
    named = connection.headers.getlist(SPACE_HEADER)
    ticket: Owner | None = getattr(connection.state, TICKET_OWNER, None)
    if ticket is not None:
        if named and set(named) != {ticket.space}:
            raise Forbidden("The ticket is for another space")
        named = [] if ticket.space is None else [ticket.space]
    if not named and connection.scope["type"] == "websocket":
        named = connection.query_params.getlist(SPACE_PARAMETER)
    if not named or set(named) == {caller.space}:
        return caller.space
    asked = ",".join(dict.fromkeys(named))  # A repeated header is not a valid name.
    if not caller.sees_every_space:
        raise Forbidden("Only a key with the scope 'admin' and without a space may name a space")
    return check_space(asked)


async def bound(
    context: Context,
    caller: Caller,
    space: str | None,
    note: AuditNote,
    run: JobRun | None = None,
) -> Context:
    """The context of one request, limited to the services and jobs of its space.

    For the run of a durable job it also has the ids and seeds of that job.
    """
    services = context.services
    if space is not None:
        # On a thread: opening the storage of a space for the first time blocks.
        services = await asyncio.to_thread(services.in_space, space)
    return replace(
        context,
        services=services,
        jobs=context.jobs.in_space(space),
        paths=NotedPaths(context.config.data_root, note),
        caller=caller,
        audit=note,
        run=run,
        ids=context.ids if run is None else run.ids,
        draw_seed=context.draw_seed if run is None else run.draw_seed,
    )
