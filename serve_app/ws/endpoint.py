"""`/ws/generation`: accepts a client, handles its messages until it leaves, and cleans up."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket

from engines.errors import Overloaded
from serve_app.access.audit import Origin
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.errors import to_wire
from serve_app.middleware.audit import origin_of
from serve_app.ws.connection import ClientGone, Connection
from serve_app.ws.messages import error_message
from serve_app.ws.session import GenerationSession

router = APIRouter()


@router.websocket("/ws/generation", dependencies=[requires("generate")])
async def generation_socket(socket: WebSocket, context: InContext) -> None:
    """The jobs of one client; they are canceled when it leaves.

    Each `generate` message takes a request from the budget, the connection itself does not.
    """
    connection = Connection(socket)
    await connection.accept()
    try:
        with context.socket_quota.hold(context.caller.key_hash):
            await _converse(connection, context, origin_of(socket.scope))
    except Overloaded as error:
        # Accepted first, because a denied handshake looks to the client like a wrong key.
        with suppress(ClientGone):
            await connection.send(error_message(error, job_id=None))
            await connection.close(to_wire(error).close_code)


async def _converse(connection: Connection, context: Context, origin: Origin) -> None:
    session = GenerationSession(context, origin, connection.send)
    reading = asyncio.create_task(_read(connection, session))
    broken = asyncio.create_task(session.broken())
    try:
        # While a report waits for a slow or lost client, the reader notices the disconnect.
        await asyncio.wait({reading, broken}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        broken.cancel()
        await asyncio.gather(reading, broken, session.close(), return_exceptions=True)
    for task in (reading, broken):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _read(connection: Connection, session: GenerationSession) -> None:
    """Handle messages until the client leaves."""
    with suppress(ClientGone):
        while True:
            await session.take(await connection.receive())
