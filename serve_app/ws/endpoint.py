"""`/ws/generation`: accept, race the client's messages against a broken pipe, clean up."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from engines.errors import Details, Overloaded
from serve_app.context import Caller, Context, InContext
from serve_app.errors import to_wire
from serve_app.ws.machine import SocketMachine, SocketState
from serve_app.ws.messages import error_message
from serve_app.ws.session import GenerationSession

router = APIRouter()


@router.websocket("/ws/generation")
async def generation_socket(socket: WebSocket, context: InContext, caller: Caller) -> None:
    """Jobs of one client; they stop when it goes. The key was checked by the middleware."""
    machine = SocketMachine()
    await socket.accept()
    machine.to(SocketState.OPEN)
    try:
        with context.socket_quota.hold(caller):
            await _converse(socket, context, caller, machine)
    except Overloaded as error:
        # Accepted first: a denied handshake could not say that it is the cap and not the key.
        machine.to(SocketState.CLOSING)
        await _send(socket, error_message(error, job_id=None))
        await socket.close(to_wire(error).close_code)
    machine.to(SocketState.CLOSED)


async def _converse(
    socket: WebSocket, context: Context, caller: str, machine: SocketMachine
) -> None:
    session = GenerationSession(context, caller, lambda message: _send(socket, message))
    reading = asyncio.create_task(_read(socket, session))
    broken = asyncio.create_task(session.broken())
    try:
        # While a pump waits for a slow or vanished client, the reader hears the disconnect.
        await asyncio.wait({reading, broken}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        machine.to(SocketState.CLOSING)
        reading.cancel()
        broken.cancel()
        await asyncio.gather(reading, broken, session.close(), return_exceptions=True)
    for task in (reading, broken):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _read(socket: WebSocket, session: GenerationSession) -> None:
    """Take messages until the client disconnects."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        try:
            await session.take(text if text is not None else message.get("bytes") or b"")
        except (WebSocketDisconnect, OSError):  # it left while it was being answered
            return


async def _send(socket: WebSocket, message: Details) -> None:
    await socket.send_text(json.dumps(message, allow_nan=False))
