"""Converts between rows of the tables and records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from engines.errors import Conflict, JsonValue, NotFound
from engines.jobs.deliveries import Webhook
from engines.jobs.model import (
    PRIORITIES,
    Answer,
    Draft,
    JobEvent,
    JobRequest,
    Lease,
    LeaseLost,
    Selection,
)

Row = sqlite3.Row


def request_of(row: Row) -> JobRequest:
    """The request as the client sent it, from a row of `requests`."""
    return JobRequest(
        row["path"],
        row["body"],
        row["unique_part"],
        row["seed"],
        bool(row["previews"]),
        _webhook_of(row["webhook"]),
    )


def _webhook_of(text: str | None) -> Webhook | None:
    if text is None:
        return None
    kept = json.loads(text)
    return Webhook(kept["url"], tuple(kept["events"]))


def answer_of(row: Row | None) -> Answer | None:
    """The answer from a row of `answers`; None for no row."""
    if row is None:
        return None
    return Answer(row["status"], json.loads(row["headers"]), row["body"])


def event_of(row: Row) -> JobEvent:
    """The event from a row of `events`."""
    return JobEvent(row["seq"], row["at"], row["type"], json.loads(row["data"]))


def find(connection: sqlite3.Connection, job_id: str) -> Row:
    """The row of the job with this id. Raises `NotFound`."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise NotFound("job", job_id)
    return row


def known_job(connection: sqlite3.Connection, draft: Draft) -> Row | None:
    """The job that the draft's idempotency key refers to; None for a new key. Raises `Conflict` if
    it was used for another request."""
    if draft.idempotency is None:
        return None
    row: Row | None = connection.execute(
        "SELECT * FROM jobs WHERE space = ? AND key_hash = ? AND idempotency_key = ?",
        (draft.owner.space or "", draft.owner.key_hash, draft.idempotency.key),
    ).fetchone()
    if row is not None and row["digest"] != draft.idempotency.digest:
        raise Conflict("The Idempotency-Key was used with another request")
    return row


def held(connection: sqlite3.Connection, lease: Lease) -> Row:
    """The job of a lease. Raises `LeaseLost` if another worker has it, or if it has ended or was
    deleted."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (lease.job_id,)).fetchone()
    if row is None or row["state"] != "running" or row["lease_token"] != lease.token:
        raise LeaseLost(f"Another worker has the job {lease.job_id} now, or it has ended")
    return row


def update(connection: sqlite3.Connection, job_id: str, **values: object) -> None:
    """Set columns of one job. The names of columns come from the code, never from a request."""
    settings = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE jobs SET {settings} WHERE id = ?", (*values.values(), job_id))


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row; it replaces one with the same key. The names of columns come from the code."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    statement = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"
    connection.execute(statement, tuple(values.values()))


def insert_job(connection: sqlite3.Connection, draft: Draft, now: float) -> None:
    """Insert the row of a new queued job, and its request."""
    idempotency = draft.idempotency
    insert(
        connection,
        "jobs",
        id=draft.id,
        space=draft.owner.space or "",
        key_hash=draft.owner.key_hash,
        key_name=draft.owner.key_name,
        kind=draft.kind,
        priority=PRIORITIES.index(draft.priority),
        cost=draft.cost,
        dataset=draft.dataset,
        detached=int(draft.detached),
        state="queued",
        created_at=now,
        idempotency_key=idempotency and idempotency.key,
        digest=idempotency and idempotency.digest,
    )
    insert_request(connection, draft.id, draft.request)


def insert_request(connection: sqlite3.Connection, job_id: str, request: JobRequest) -> None:
    """Insert the request of a job into `requests`."""
    insert(
        connection,
        "requests",
        id=job_id,
        path=request.path,
        body=request.body,
        unique_part=request.unique,
        seed=request.seed,
        previews=int(request.previews),
        webhook=None if request.webhook is None else json.dumps(asdict(request.webhook)),
    )


def append_event(
    connection: sqlite3.Connection,
    job_id: str,
    kind: str,
    data: Mapping[str, JsonValue],
    now: float,
) -> None:
    """Append the job's next event."""
    (seq,) = connection.execute(
        "UPDATE jobs SET last_event = last_event + 1 WHERE id = ? RETURNING last_event", (job_id,)
    ).fetchone()
    text = json.dumps(dict(data))
    insert(connection, "events", id=job_id, seq=seq, at=now, type=kind, data=text)


def remove(connection: sqlite3.Connection, job_ids: Sequence[str]) -> None:
    """Delete everything that is stored about these jobs."""
    ids = [(job_id,) for job_id in job_ids]
    for table in ("jobs", "requests", "answers", "events"):
        connection.executemany(f"DELETE FROM {table} WHERE id = ?", ids)
    connection.executemany("DELETE FROM deliveries WHERE job_id = ?", ids)


def conditions(selection: Selection, before_seq: int | None) -> tuple[str, list[object]]:
    """The WHERE clause of a list, and its values."""
    wanted: dict[str, object] = {
        "key_hash = ?": selection.key_hash,
        "state = ?": selection.state,
        "kind = ?": selection.kind,
        "dataset = ?": selection.dataset,
        "created_at >= ?": selection.since,
        "seq < ?": before_seq,
    }
    given = {clause: value for clause, value in wanted.items() if value is not None}
    clauses = ["detached = 1", "space = ?", *given]
    return " AND ".join(clauses), [selection.space or "", *given.values()]
