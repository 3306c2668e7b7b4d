"""What a request may touch: the application's context, narrowed to the caller's space."""

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
"""On the WebSocket only: browsers cannot set its headers."""


class NotedPaths(PathCodec):
    """Notes for the audit log every path that the request names or is answered with."""

    def __init__(self, root: str, note: AuditNote) -> None:
        super().__init__(root)
        self._note = note

    def to_wire(self, key: str) -> str:
        """As `PathCodec`; the path is noted."""
        path = super().to_wire(key)
        self._note.add(path)
        return path

    def to_key(self, path: str, field: Field) -> str:
        """As `PathCodec`; the path is noted."""
        key = super().to_key(path, field)
        self.to_wire(key)
        return key


def space_of(connection: HTTPConnection, caller: Caller) -> str | None:
    """The space that the request acts in: the key's own, or the one that an admin names, or named
    when it asked for the ticket that the request comes with.

    `Forbidden` where somebody else names another than its own, whether it exists or not.
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
    asked = ",".join(dict.fromkeys(named))  # several are the name of no space
    if not caller.sees_every_space:
        raise Forbidden("Only a key with the scope 'admin' and no space of its own names a space")
    return check_space(asked)


async def bound(
    context: Context,
    caller: Caller,
    space: str | None,
    note: AuditNote,
    run: JobRun | None = None,
) -> Context:
    """The context of one request: services and jobs of its space, and of no other; with the ids
    and seeds of its run, where it is a kept job."""
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
