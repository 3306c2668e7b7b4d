"""The tables. Times are seconds since 1970; `detached` and `cancel_requested` are 0 or 1."""

from __future__ import annotations

import sqlite3

from engines.errors import StorageFailed

VERSION = 3

_SCHEMA = """
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  space TEXT NOT NULL,            -- '' outside every space: NULL would match nothing
  key_hash TEXT NOT NULL,
  key_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  priority INTEGER NOT NULL,      -- place in PRIORITIES
  cost INTEGER NOT NULL,
  dataset TEXT,
  detached INTEGER NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  created_at REAL NOT NULL,
  started_at REAL,
  ended_at REAL,
  expires_at REAL,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  last_event INTEGER NOT NULL DEFAULT 0,
  lease_token TEXT,
  lease_until REAL,
  idempotency_key TEXT,
  digest TEXT
) STRICT;
CREATE UNIQUE INDEX jobs_by_idempotency ON jobs (space, key_hash, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_listed ON jobs (space, seq) WHERE detached = 1;
CREATE INDEX jobs_queued ON jobs (priority, key_hash, seq) WHERE detached = 1 AND state = 'queued';
CREATE INDEX jobs_unfinished ON jobs (key_hash) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_held ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_ended ON jobs (kind, ended_at) WHERE state = 'succeeded';
CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;

-- Beside the jobs, because lists must not read them.
CREATE TABLE requests (
  id TEXT PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL, unique_part TEXT NOT NULL,
  seed INTEGER NOT NULL, previews INTEGER NOT NULL
) STRICT;
CREATE TABLE answers (
  id TEXT PRIMARY KEY, status INTEGER NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE events (
  id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ring (
  priority INTEGER NOT NULL, key_hash TEXT NOT NULL,
  queued INTEGER NOT NULL, deficit INTEGER NOT NULL, turn INTEGER NOT NULL,
  PRIMARY KEY (priority, key_hash)
) STRICT, WITHOUT ROWID;
"""


_WEBHOOKS = """
ALTER TABLE requests ADD COLUMN webhook TEXT;
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL, event TEXT NOT NULL, created_at REAL NOT NULL,
  state TEXT NOT NULL, due_at REAL NOT NULL, attempts TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_of_job ON deliveries (job_id);
"""

_CREDITS = """
CREATE TABLE credits (priority INTEGER PRIMARY KEY, credit INTEGER NOT NULL) STRICT;
"""

_STEPS = (_SCHEMA, _WEBHOOKS, _CREDITS)
"""The statements that upgrade each version to the next one. Version 0 is an empty file."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Upgrade the database to the current version, within a transaction.

    Raises:
        StorageFailed: a later version of the service has upgraded the file.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise StorageFailed(
            f"The file of jobs is in the format of a later version of the service ({found}, not "
            f"{VERSION}): start that version, or put back the copy from before the upgrade "
            "(docs/howto/upgrades.md)"
        )
    for step in _STEPS[found:]:
        for statement in _statements(step):
            connection.execute(statement)
    if found < VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """The statements of the script, to be run one by one: `executescript` would commit the
    transaction first."""
    bare = "\n".join(line.partition("--")[0] for line in script.splitlines())
    return [statement for statement in bare.split(";") if statement.strip()]
