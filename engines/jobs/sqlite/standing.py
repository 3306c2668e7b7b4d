"""Counts the data for a job's position and estimated end, by queries that use indexes."""

from __future__ import annotations

import sqlite3

from engines.jobs.estimates import Standing
from engines.jobs.sqlite.rows import Row

RECENT = 20
_AHEAD = """
  SELECT COUNT(*) FROM jobs WHERE detached = 1 AND state = 'queued' AND priority = ?
  AND key_hash = ? AND seq < ?
"""
_RECENT = """
  SELECT (ended_at - started_at) / cost FROM jobs WHERE state = 'succeeded' AND kind = ?
  ORDER BY ended_at DESC LIMIT ?
"""


def standing_of(connection: sqlite3.Connection, row: Row) -> Standing:
    """The `Standing` of the job in this row."""
    own = (row["priority"], row["key_hash"])
    (ahead,) = connection.execute(_AHEAD, (*own, row["seq"])).fetchone()
    others = connection.execute(
        "SELECT queued FROM ring WHERE priority = ? AND key_hash <> ?", own
    ).fetchall()
    (higher,) = connection.execute(
        "SELECT COALESCE(SUM(queued), 0) FROM ring WHERE priority > ?", (row["priority"],)
    ).fetchone()
    (running,) = connection.execute(
        "SELECT COUNT(*) FROM jobs WHERE state = 'running' AND detached = 1"
    ).fetchone()
    recent = connection.execute(_RECENT, (row["kind"], RECENT)).fetchall()
    return Standing(ahead, [each[0] for each in others], higher, running, [r[0] for r in recent])
