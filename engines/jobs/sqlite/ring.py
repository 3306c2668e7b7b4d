"""Chooses the next job from the tables: the ring of API keys, and the queue of each key."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from engines.jobs.fairness import Waiting, credits_after, next_class, next_turn
from engines.jobs.model import PRIORITIES, Priority
from engines.jobs.sqlite.rows import Row

_HEAD = """
  SELECT * FROM jobs WHERE detached = 1 AND state = 'queued' AND priority = ? AND key_hash = ?
  ORDER BY seq LIMIT 1
"""
_JOIN = """
  INSERT INTO ring (priority, key_hash, queued, deficit, turn)
  VALUES (?, ?, 1, 0, (SELECT COALESCE(MAX(turn), 0) + 1 FROM ring WHERE priority = ?))
  ON CONFLICT (priority, key_hash) DO UPDATE SET queued = queued + 1
"""

_CREDITS = "SELECT priority, credit FROM credits"


def joined(connection: sqlite3.Connection, priority: int, key_hash: str) -> None:
    """Count one more queued job of the key."""
    connection.execute(_JOIN, (priority, key_hash, priority))


def left(connection: sqlite3.Connection, priority: int, key_hash: str) -> None:
    """Subtract one queued job of the key. A key without jobs leaves the ring and loses its saved
    quanta."""
    of_key = (priority, key_hash)
    connection.execute(
        "UPDATE ring SET queued = queued - 1 WHERE priority = ? AND key_hash = ?", of_key
    )
    connection.execute(
        "DELETE FROM ring WHERE priority = ? AND key_hash = ? AND queued <= 0", of_key
    )


def expired(connection: sqlite3.Connection, now: float) -> Row | None:
    """A detached job whose lease has expired; None if there is none."""
    found: Row | None = connection.execute(
        "SELECT * FROM jobs WHERE state = 'running' AND lease_until <= ? AND detached = 1"
        " ORDER BY lease_until LIMIT 1",
        (now,),
    ).fetchone()
    return found


def next_queued(connection: sqlite3.Connection, passing_over: Collection[str]) -> Row | None:
    """Take the next job, and write the changes of the ring. None if no job waits."""
    waiting: dict[int, list[Row]] = {}
    present = set[int]()
    for row in connection.execute("SELECT priority, key_hash, deficit, turn FROM ring"):
        present.add(row["priority"])
        if row["key_hash"] not in passing_over:
            waiting.setdefault(row["priority"], []).append(row)
    if not waiting:
        return None
    earned = {row["priority"]: row["credit"] for row in connection.execute(_CREDITS)}
    served = next_class(waiting, earned)
    head = _turn(connection, served, waiting[served])
    after = credits_after(waiting, earned, served, head["cost"], present - waiting.keys())
    if after != earned:
        connection.execute("DELETE FROM credits")
        connection.executemany("INSERT INTO credits VALUES (?, ?)", after.items())
    return head


def queued(connection: sqlite3.Connection) -> dict[Priority, int]:
    """The number of waiting jobs of each class."""
    found = connection.execute("SELECT priority, SUM(queued) FROM ring GROUP BY priority")
    counts = dict(found.fetchall())
    return {name: counts.get(number, 0) for number, name in enumerate(PRIORITIES)}


def _turn(connection: sqlite3.Connection, priority: int, keys: list[Row]) -> Row:
    heads: dict[str, Row] = {
        row["key_hash"]: connection.execute(_HEAD, (priority, row["key_hash"])).fetchone()
        for row in keys
    }
    ring = [
        Waiting(row["key_hash"], heads[row["key_hash"]]["cost"], row["deficit"], row["turn"])
        for row in keys
    ]
    turn = next_turn(ring)
    connection.executemany(
        "UPDATE ring SET deficit = ?, turn = ? WHERE priority = ? AND key_hash = ?",
        [(each.deficit, each.turn, priority, each.owner) for each in turn.changed],
    )
    left(connection, priority, turn.owner)
    return heads[turn.owner]
