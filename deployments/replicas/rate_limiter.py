"""Counts budgets and keeps tickets in one replica, for several ingress replicas without Redis."""

from __future__ import annotations

from collections.abc import Mapping

from deployments.adapters.calling import CallPolicy
from deployments.adapters.remote import HandleAdapter, remote
from engines.errors import Overloaded
from serve_app.access.tickets import TicketStore, TicketTable
from serve_app.budgets.rate_limits import Bucket, BudgetState, MovingWindow, RateLimiter
from serve_app.config import RateLimits


class RateLimiterReplica:
    """One replica for all ingress replicas.

    If it dies, all budgets are full again, and unused tickets are lost, so that their owners have
    to ask for new ones.
    """

    def __init__(self, rates: RateLimits) -> None:
        self._window = MovingWindow(rates)
        self._tickets = TicketTable()

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        return self._window.hit(key_hash, bucket, own)

    async def look(self, key_hash: str, own: Mapping[Bucket, str]) -> Mapping[Bucket, BudgetState]:
        """See `RateLimiter.look`."""
        return self._window.look(key_hash, own)

    async def put_ticket(self, ticket_hash: str, owner: str, life_s: float) -> None:
        """Store the owner of a ticket, by the ticket's hash, for `life_s` seconds."""
        self._tickets.put(ticket_hash, owner, life_s)

    async def take_ticket(self, ticket_hash: str) -> str | None:
        """The owner of a ticket, which is used up; None if there is no such ticket."""
        return self._tickets.take(ticket_hash)

    async def look_ticket(self, ticket_hash: str) -> str | None:
        """The owner of a ticket, which stays valid; None if there is no such ticket."""
        return self._tickets.look(ticket_hash)

    async def ready(self) -> bool:
        """True once constructed."""
        return True


ANSWER_WITHIN_S = 2.0
"""Seconds after which a request is refused if the rate limiter does not answer."""
_COUNTING = CallPolicy(
    2, ANSWER_WITHIN_S, lambda: Overloaded("The rate limiter does not answer", 1.0)
)
_TICKETS = CallPolicy(
    1, ANSWER_WITHIN_S, lambda: Overloaded("The ticket store does not answer", 1.0)
)


class HandleRateLimiter(HandleAdapter):
    """Implements `serve_app.budgets.rate_limits.RateLimiter` with the deployment's handle."""

    hit = remote(RateLimiter.hit, policy=_COUNTING)
    look = remote(RateLimiter.look, policy=_COUNTING)


class HandleTickets(HandleAdapter):
    """Implements `serve_app.access.tickets.TicketStore` with the deployment's handle."""

    put = remote(TicketStore.put, "put_ticket", _TICKETS)
    take = remote(TicketStore.take, "take_ticket", _TICKETS)
    look = remote(TicketStore.look, "look_ticket", _TICKETS)
