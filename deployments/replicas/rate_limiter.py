"""Budgets counted and tickets kept in one replica, for several ingress replicas without Redis."""

from __future__ import annotations

from ray.serve.handle import DeploymentHandle

from deployments.adapters.calling import call
from serve_app.access.tickets import TicketTable
from serve_app.config import RateLimits
from serve_app.rate_limits import Bucket, BudgetState, MovingWindow


class RateLimiterReplica:
    """One replica counts and keeps for all; when it dies, windows start full again, and tickets
    that were not used are lost: their holders ask for another."""

    def __init__(self, rates: RateLimits) -> None:
        self._window = MovingWindow(rates)
        self._tickets = TicketTable()

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        return self._window.hit(key_hash, bucket, own)

    async def put_ticket(self, ticket_hash: str, owner_hash: str) -> None:
        self._tickets.put(ticket_hash, owner_hash)

    async def take_ticket(self, ticket_hash: str) -> str | None:
        return self._tickets.take(ticket_hash)

    async def ready(self) -> bool:
        return True


class HandleRateLimiter:
    """`serve_app.rate_limits.RateLimiter` over the deployment's handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        budget: BudgetState = await call(self._handle.hit.remote(key_hash, bucket, own))
        return budget


class HandleTickets:
    """`serve_app.access.tickets.TicketStore` over the deployment's handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def put(self, ticket_hash: str, owner_hash: str) -> None:
        await call(self._handle.put_ticket.remote(ticket_hash, owner_hash))

    async def take(self, ticket_hash: str) -> str | None:
        owner: str | None = await call(self._handle.take_ticket.remote(ticket_hash))
        return owner
