"""Tickets: what a browser shows where it cannot send a header, to open one socket or to save one
file.

A ticket is 256 random bits, kept by its hash for half a minute, and gone with its first use. It
stands for a key and does not hold it: a log of URLs has nothing that opens anything later. It opens
what it was made for, and nothing else.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from engines.errors import Overloaded
from serve_app.access.hashing import key_hash

TICKET_LIFE_S = 30.0
MAX_TICKET_CHARS = 64
MAX_TICKETS = 10_000
"""Kept at once in memory; more is a flood, and is refused."""
SOCKET = "socket"
"""What a ticket opens that is for a WebSocket."""


class TicketStore(Protocol):
    """Shared by all ingress replicas. Raises `Overloaded` when its store is away or full."""

    async def put(self, ticket_hash: str, owner_hash: str) -> None:
        """Keep whose it is for `TICKET_LIFE_S`."""

    async def take(self, ticket_hash: str) -> str | None:
        """Hash of the owner's key, once; None for what is unknown, used or too old."""


class Tickets:
    """Makes tickets for keys and takes them back, over a store."""

    def __init__(self, store: TicketStore) -> None:
        self._store = store

    async def issue(self, owner_hash: str, opens: str = SOCKET) -> str:
        """A new ticket for the key of that hash, for `opens` alone. Raises `Overloaded`."""
        ticket = secrets.token_urlsafe(32)
        await self._store.put(_kept_as(ticket, opens), owner_hash)
        return ticket

    async def redeem(self, ticket: str, opens: str = SOCKET) -> str | None:
        """Hash of the key that it stands for, the first time; shown for anything but what it was
        made for it is unknown, and stays good. Raises `Overloaded`."""
        if not ticket or len(ticket) > MAX_TICKET_CHARS:
            return None
        return await self._store.take(_kept_as(ticket, opens))


def download_of(path: str) -> str:
    """What a ticket opens that saves the exported file at the client's `path`."""
    return f"GET {path}"


def _kept_as(ticket: str, opens: str) -> str:
    """The hash covers what the ticket opens: a store need not know of that."""
    return key_hash(f"{ticket} {opens}")


class TicketTable:
    """Tickets in memory, with the clock as an argument. Synchronous; one thread."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_tickets: int = MAX_TICKETS
    ) -> None:
        self._clock = clock
        self._max_tickets = max_tickets
        self._owners: dict[str, str] = {}
        self._expiries: deque[tuple[float, str]] = deque()

    def put(self, ticket_hash: str, owner_hash: str) -> None:
        self._forget_old()
        if len(self._expiries) >= self._max_tickets:
            raise Overloaded("Too many tickets are waiting to be used", TICKET_LIFE_S)
        self._owners[ticket_hash] = owner_hash
        self._expiries.append((self._clock() + TICKET_LIFE_S, ticket_hash))

    def take(self, ticket_hash: str) -> str | None:
        self._forget_old()
        return self._owners.pop(ticket_hash, None)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._expiries and self._expiries[0][0] <= now:
            self._owners.pop(self._expiries.popleft()[1], None)


class MemoryTickets:
    """A `TicketTable` of this process: right for one ingress replica only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = TicketTable(clock)

    async def put(self, ticket_hash: str, owner_hash: str) -> None:
        self._table.put(ticket_hash, owner_hash)

    async def take(self, ticket_hash: str) -> str | None:
        return self._table.take(ticket_hash)
