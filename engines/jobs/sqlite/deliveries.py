"""Deliveries to webhooks, stored in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from engines.jobs.deliveries import (
    Attempt,
    Delivery,
    WebhookEvent,
    delivery_id,
    noted,
)
from engines.jobs.sqlite.connection import JobsFile
from engines.jobs.sqlite.rows import Row, insert, request_of

_DUE = "SELECT * FROM deliveries WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT 1"

_OF_JOB = """
  SELECT * FROM deliveries WHERE job_id = ? ORDER BY created_at, event <> 'job.started'
"""


class SqliteDeliveries:
    """The part of the SQLite store for deliveries to webhooks."""

    def __init__(self, file: JobsFile, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    def claim(self, hold_s: float) -> Delivery | None:
        now = self._now()
        with self._file.reading() as connection:  # no lock for writers, because workers ask often
            if connection.execute(_DUE, (now,)).fetchone() is None:
                return None
        with self._file.writing(durable=False) as connection:
            row = connection.execute(_DUE, (now,)).fetchone()
            if row is None:
                return None
            held = replace(_delivery_of(row), due_at=now + hold_s)
            _write(connection, held)
            return held

    def note(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> None:
        with self._file.writing(durable=False) as connection:
            row = connection.execute(
                "SELECT * FROM deliveries WHERE id = ?", (delivery.id,)
            ).fetchone()
            if row is not None:
                _write(connection, noted(_delivery_of(row), attempt, again_at))

    def of_job(self, job_id: str) -> Sequence[Delivery]:
        with self._file.reading() as connection:
            found = connection.execute(_OF_JOB, (job_id,))
            return [_delivery_of(row) for row in found]


def add_delivery(
    connection: sqlite3.Connection, job_id: str, event: WebhookEvent, now: float
) -> None:
    """Store a delivery for the event if the job's webhook wants it."""
    request = connection.execute("SELECT * FROM requests WHERE id = ?", (job_id,)).fetchone()
    webhook = request_of(request).webhook
    if webhook is not None and event in webhook.events:
        _write(connection, Delivery(delivery_id(job_id, event), job_id, event, now, due_at=now))


def _write(connection: sqlite3.Connection, delivery: Delivery) -> None:
    attempts = json.dumps([asdict(attempt) for attempt in delivery.attempts])
    insert(
        connection,
        "deliveries",
        id=delivery.id,
        job_id=delivery.job_id,
        event=delivery.event,
        created_at=delivery.created_at,
        state=delivery.state,
        due_at=delivery.due_at,
        attempts=attempts,
    )


def _delivery_of(row: Row) -> Delivery:
    attempts = tuple(Attempt(**each) for each in json.loads(row["attempts"]))
    return Delivery(
        row["id"],
        row["job_id"],
        row["event"],
        row["created_at"],
        row["state"],
        row["due_at"],
        attempts,
    )
