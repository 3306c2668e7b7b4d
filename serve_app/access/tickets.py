"""Tickets: for browsers, which cannot send the key's header when they open a WebSocket or save a
file.

A ticket is 256 random bits, stored only as a hash and for a limited time. It refers to a key
without containing it, so a URL in a log is of no use later. A ticket works for one purpose only: it
opens one WebSocket, once, within half a minute; or it downloads one exported file, also in several
requests if the download is interrupted, until it expires.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple, Protocol

from engines.errors import Overloaded
from serve_app.access.hashing import key_hash

TICKET_LIFE_S = 30.0
"""How long a ticket for a WebSocket is valid, seconds."""
MAX_TICKET_CHARS = 64
MAX_TICKETS = 10_000
"""Most tickets in memory at the same time; more are refused."""
MAX_TICKETS_OF_ONE = 1000
"""Most of these tickets for one key in one space, so that no key uses up all of them."""
TICKET_OWNER = "ticket_owner"
"""Name in a request's state for the `Owner` of its ticket, if it has a ticket instead of a key."""
SOCKET = "socket"
"""The purpose of tickets for WebSockets."""


class Owner(NamedTuple):
    """The key that a ticket stands for, and its space."""

    key_hash: str
    space: str | None = None
    """The space in which the key acted when it asked for the ticket."""


class TicketStore(Protocol):
    """Stores tickets for all ingress replicas.

    Raises `Overloaded` if the store is full or cannot be reached.
    """

    async def put(self, ticket_hash: str, owner: str, life_s: float) -> None:
        """Store the owner of a ticket for `life_s` seconds."""

    async def take(self, ticket_hash: str) -> str | None:
        """Remove a ticket and return its owner; None if it is unknown, used or expired."""

    async def look(self, ticket_hash: str) -> str | None:
        """Return the owner of a ticket and keep the ticket; None if it is unknown or expired."""


class Tickets:
    """Issues and redeems tickets."""

    def __init__(self, store: TicketStore) -> None:
        self._store = store

    async def issue(self, owner_hash: str) -> str:
        """Issue a ticket for one socket of the key with this hash. Raises `Overloaded`."""
        return await self._issued(Owner(owner_hash), SOCKET, TICKET_LIFE_S)

    async def redeem(self, ticket: str) -> str | None:
        """The hash of the key that asked for this ticket; None if it is unknown, used or expired.

        The ticket can be redeemed once. A ticket for a download is not accepted here and stays
        valid. Raises `Overloaded`.
        """
        if not _is_one(ticket):
            return None
        owner = await self._store.take(_kept_as(ticket, SOCKET))
        return None if owner is None else _owner(owner).key_hash

    async def issue_download(self, owner: Owner, path: str, life_s: float) -> str:
        """Issue a ticket for the exported file at `path` (as clients write it) in the owner's
        space.

        Raises `Overloaded`.
        """
        return await self._issued(owner, _download_of(path), life_s)

    async def opens_download(self, ticket: str, path: str) -> Owner | None:
        """The owner of a ticket for the file at `path`; None if it is unknown, expired, or for
        another file.

        The ticket stays valid. Raises `Overloaded`.
        """
        if not _is_one(ticket):
            return None
        owner = await self._store.look(_kept_as(ticket, _download_of(path)))
        return None if owner is None else _owner(owner)

    async def _issued(self, owner: Owner, opens: str, life_s: float) -> str:
        ticket = secrets.token_urlsafe(32)
        kept = owner.key_hash if owner.space is None else f"{owner.key_hash} {owner.space}"
        await self._store.put(_kept_as(ticket, opens), kept, life_s)
        return ticket


def _is_one(ticket: str) -> bool:
    return 0 < len(ticket) <= MAX_TICKET_CHARS


def _owner(kept: str) -> Owner:
    owner_hash, _, space = kept.partition(" ")
    return Owner(owner_hash, space or None)


def _download_of(path: str) -> str:
    return f"GET {path}"


def _kept_as(ticket: str, opens: str) -> str:
    """The hash under which a ticket is stored.

    It includes the purpose, which the store need not know.
    """
    return key_hash(f"{ticket} {opens}")


class TicketTable:
    """Tickets in memory. The time is passed in as an argument. Not thread-safe."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        max_tickets: int = MAX_TICKETS,
        max_of_one: int = MAX_TICKETS_OF_ONE,
    ) -> None:
        self._clock = clock
        self._max_tickets = max_tickets
        self._max_of_one = max_of_one
        self._owners: dict[str, str] = {}
        self._held: Counter[str] = Counter()
        self._expiries: list[tuple[float, str, str]] = []
        """A heap of (expiry, ticket hash, owner). Used tickets stay in it, and count, until they
        expire."""

    def put(self, ticket_hash: str, owner: str, life_s: float = TICKET_LIFE_S) -> None:
        """See `TicketStore.put`."""
        self._forget_old()
        if len(self._expiries) >= self._max_tickets or self._held[owner] >= self._max_of_one:
            raise Overloaded("Too many tickets are waiting to be used", TICKET_LIFE_S)
        self._owners[ticket_hash] = owner
        self._held[owner] += 1
        heapq.heappush(self._expiries, (self._clock() + life_s, ticket_hash, owner))

    def take(self, ticket_hash: str) -> str | None:
        """See `TicketStore.take`."""
        self._forget_old()
        return self._owners.pop(ticket_hash, None)

    def look(self, ticket_hash: str) -> str | None:
        """See `TicketStore.look`."""
        self._forget_old()
        return self._owners.get(ticket_hash)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._expiries and self._expiries[0][0] <= now:
            _, ticket_hash, owner = heapq.heappop(self._expiries)
            self._owners.pop(ticket_hash, None)
            self._held[owner] -= 1
            if not self._held[owner]:
                del self._held[owner]


class MemoryTickets:
    """A `TicketTable` in this process; works for one ingress replica only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = TicketTable(clock)

    async def put(self, ticket_hash: str, owner: str, life_s: float) -> None:
        self._table.put(ticket_hash, owner, life_s)

    async def take(self, ticket_hash: str) -> str | None:
        return self._table.take(ticket_hash)

    async def look(self, ticket_hash: str) -> str | None:
        return self._table.look(ticket_hash)
