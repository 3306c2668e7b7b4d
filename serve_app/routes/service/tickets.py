"""`POST /ws/ticket`: tickets with which browsers open WebSockets."""

from __future__ import annotations

from fastapi import APIRouter

from serve_app.access.policy import requires
from serve_app.access.tickets import TICKET_LIFE_S
from serve_app.context import InContext
from serve_app.routing import ApiRoute
from serve_app.schemas.library import Ticket

router = APIRouter(tags=["generation"], route_class=ApiRoute)


@router.post(
    "/ws/ticket", dependencies=[requires("generate", budget="read", audit="socket.ticket")]
)
async def make_socket_ticket(context: InContext) -> Ticket:
    """Make a ticket that opens one WebSocket of this API key. It is valid once, for half a minute.

    For browsers: they cannot send an API key in a header when they open a WebSocket, and a key in a
    URL would be written to logs.
    """
    ticket = await context.tickets.issue(context.caller.key_hash)
    return Ticket(ticket=ticket, expires_in_s=TICKET_LIFE_S)
