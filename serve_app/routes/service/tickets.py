"""`POST /ws/ticket`: what a browser opens its socket with."""

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
    """A ticket for one socket of this key, good once and for half a minute.

    A browser cannot send a header with a socket, and a key in a URL ends up in logs.
    """
    ticket = await context.tickets.issue(context.caller.key_hash)
    return Ticket(ticket=ticket, expires_in_s=TICKET_LIFE_S)
