"""A job store in SQLite."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engines.errors import JsonValue, Overloaded
from engines.jobs.columns import job_of
from engines.jobs.deliveries import ending_event
from engines.jobs.estimates import Standing
from engines.jobs.model import (
    Accepted,
    Answer,
    Canceling,
    Claimed,
    Draft,
    Job,
    JobEvent,
    JobRequest,
    JobTerms,
    Lease,
    LeaseLost,
    Priority,
    Selection,
)
from engines.jobs.sqlite import ring
from engines.jobs.sqlite.connection import JobsFile
from engines.jobs.sqlite.deliveries import SqliteDeliveries, add_delivery
from engines.jobs.sqlite.rows import (
    Row,
    answer_of,
    append_event,
    conditions,
    event_of,
    find,
    held,
    insert,
    insert_job,
    insert_request,
    known_job,
    remove,
    request_of,
    update,
)
from engines.jobs.sqlite.standing import standing_of
from engines.jobs.store import Ending


class SqliteJobStore:
    """Keeps jobs in one file in WAL mode, which many processes can share. Readers do not wait for
    writers of other processes.

    Detached jobs and cancellations are on the disk when the method returns. A crash of the machine
    can undo other changes. A job whose changes were undone runs again, with the same ids.
    """

    def __init__(
        self,
        path: Path | None = None,
        terms: JobTerms | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`path`: the database file; None: in memory. `now`: returns seconds since 1970."""
        self._file = JobsFile(path)
        self._terms = terms or JobTerms()
        self._now = now
        self.deliveries = SqliteDeliveries(self._file, now)

    def accept(self, draft: Draft) -> Accepted:
        with self._file.writing(durable=draft.detached) as connection:
            known = known_job(connection, draft)
            if known is not None:
                return self._taken_up(connection, known, draft)
            self._check_room(connection, draft)
            now = self._now()
            insert_job(connection, draft, now)
            append_event(connection, draft.id, "queued", {}, self._now())
            lease = None
            if draft.detached:
                self._queue(connection, find(connection, draft.id))
            else:
                update(connection, draft.id, expires_at=now + self._terms.keep_s)
                lease = self._lease(connection, find(connection, draft.id))
            return self._accepted(connection, draft.id, lease, is_new=True)

    def known(self, draft: Draft) -> Job | None:
        with self._file.reading() as connection:
            row = known_job(connection, draft)
            return None if row is None else job_of(row, self._now())

    def claim(self, passing_over: Collection[str] = ()) -> Claimed | None:
        if not self._something_waits():
            return None
        with self._file.writing(durable=False) as connection:
            row = ring.expired(connection, self._now()) or ring.next_queued(
                connection, passing_over
            )
            if row is None:
                return None
            lease = self._lease(connection, row)
            job = job_of(find(connection, row["id"]), self._now())
            return Claimed(job, self._request(connection, row["id"]), lease)

    def renew(self, lease: Lease) -> bool:
        with self._file.writing(durable=False) as connection:
            row = held(connection, lease)
            update(connection, lease.job_id, lease_until=self._now() + self._terms.lease_s)
            return bool(row["cancel_requested"])

    def report(self, lease: Lease, done: int, total: int, data: Mapping[str, JsonValue]) -> bool:
        with self._file.writing(durable=False) as connection:
            row = held(connection, lease)
            until = self._now() + self._terms.lease_s
            update(connection, lease.job_id, done=done, total=total, lease_until=until)
            event = {"done": done, "total": total, **data}
            append_event(connection, lease.job_id, "progress", event, self._now())
            return bool(row["cancel_requested"])

    def release(self, lease: Lease, why: str) -> None:
        with self._file.writing(durable=False) as connection:
            row = held(connection, lease)
            update(connection, row["id"], state="queued", lease_token=None, lease_until=None)
            append_event(connection, row["id"], "requeued", {"reason": why}, self._now())
            if row["detached"]:
                self._queue(connection, row)

    def forget(self, lease: Lease) -> None:
        with self._file.writing(durable=False) as connection:
            held(connection, lease)
            remove(connection, [lease.job_id])

    def finish(self, lease: Lease, state: Ending, answer: Answer | None) -> bool:
        with self._file.writing(durable=False) as connection:
            try:
                held(connection, lease)
            except LeaseLost:
                return False
            self._end(connection, lease.job_id, state, answer)
            return True

    def cancel(self, job_id: str) -> Canceling:
        with self._file.writing() as connection:
            row = find(connection, job_id)
            if row["state"] == "queued":
                if row["detached"]:
                    ring.left(connection, row["priority"], row["key_hash"])
                self._end(connection, job_id, "canceled", None)
            elif row["state"] == "running":
                update(connection, job_id, cancel_requested=1)
            job = job_of(find(connection, job_id), self._now())
            return Canceling(job, ended_now=row["state"] == "queued")

    def get(self, job_id: str) -> Job:
        with self._file.reading() as connection:
            return job_of(find(connection, job_id), self._now())

    def request_of(self, job_id: str) -> JobRequest:
        with self._file.reading() as connection:
            find(connection, job_id)
            return self._request(connection, job_id)

    def answer_of(self, job_id: str) -> Answer | None:
        with self._file.reading() as connection:
            find(connection, job_id)
            row = connection.execute("SELECT * FROM answers WHERE id = ?", (job_id,)).fetchone()
            return answer_of(row)

    def events(self, job_id: str, after_seq: int, limit: int) -> Sequence[JobEvent]:
        with self._file.reading() as connection:
            find(connection, job_id)
            found = connection.execute(
                "SELECT * FROM events WHERE id = ? AND seq > ? ORDER BY seq LIMIT ?",
                (job_id, after_seq, limit),
            )
            return [event_of(row) for row in found]

    def list(self, selection: Selection, limit: int, before_seq: int | None) -> Sequence[Job]:
        where, values = conditions(selection, before_seq)
        statement = f"SELECT * FROM jobs WHERE {where} ORDER BY seq DESC LIMIT ?"
        with self._file.reading() as connection:
            now = self._now()
            return [job_of(row, now) for row in connection.execute(statement, (*values, limit))]

    def standing(self, job_id: str) -> Standing:
        with self._file.reading() as connection:
            return standing_of(connection, find(connection, job_id))

    def queued(self) -> Mapping[Priority, int]:
        with self._file.reading() as connection:
            return ring.queued(connection)

    def purge(self, limit: int = 500) -> int:
        with self._file.writing(durable=False) as connection:
            now = self._now()
            found = connection.execute(
                "SELECT id FROM jobs WHERE expires_at <= ? AND (lease_until IS NULL OR"
                " lease_until <= ?) AND (ended_at IS NOT NULL OR detached = 0) LIMIT ?",
                (now, now, limit),
            ).fetchall()
            remove(connection, [row["id"] for row in found])
            return len(found)

    def close(self) -> None:
        self._file.close()

    def _taken_up(self, connection: sqlite3.Connection, row: Row, draft: Draft) -> Accepted:
        """The existing job: perhaps with a lease for the caller, or changed to a detached one."""
        job = job_of(row, self._now())
        lease = None
        if not job.ended and not job.detached:
            if draft.detached:
                self._detach(connection, row, draft)
            elif not job.leased:
                lease = self._lease(connection, row)
        return self._accepted(connection, job.id, lease, is_new=False)

    def _detach(self, connection: sqlite3.Connection, row: Row, draft: Draft) -> None:
        first = self._request(connection, row["id"])
        update(connection, row["id"], detached=1, expires_at=None)
        kept = replace(draft.request, path=first.path, unique=first.unique, seed=first.seed)
        insert_request(connection, row["id"], kept)
        if row["state"] == "queued":
            self._queue(connection, row)

    def _check_room(self, connection: sqlite3.Connection, draft: Draft) -> None:
        (count,) = connection.execute(
            "SELECT COUNT(*) FROM jobs WHERE key_hash = ? AND state IN ('queued', 'running')",
            (draft.owner.key_hash,),
        ).fetchone()
        limit = self._terms.max_unfinished
        if count >= limit:
            raise Overloaded(f"More than {limit} unfinished jobs of this API key", 60.0)

    def _queue(self, connection: sqlite3.Connection, row: Row) -> None:
        ring.joined(connection, row["priority"], row["key_hash"])

    def _lease(self, connection: sqlite3.Connection, row: Row) -> Lease:
        """Give the caller a lease and set the state to running."""
        now, token, tries = self._now(), secrets.token_hex(16), row["tries"] + 1
        update(
            connection,
            row["id"],
            state="running",
            tries=tries,
            started_at=now,
            lease_token=token,
            lease_until=now + self._terms.lease_s,
        )
        append_event(connection, row["id"], "started", {"try": tries}, self._now())
        if tries == 1:
            add_delivery(connection, row["id"], "job.started", now)
        return Lease(row["id"], token)

    def _end(
        self, connection: sqlite3.Connection, job_id: str, state: Ending, answer: Answer | None
    ) -> None:
        now = self._now()
        update(
            connection,
            job_id,
            state=state,
            ended_at=now,
            expires_at=now + self._terms.keep_s,
            lease_token=None,
            lease_until=None,
        )
        if answer is not None:
            insert(
                connection,
                "answers",
                id=job_id,
                status=answer.status,
                headers=json.dumps(dict(answer.headers)),
                body=answer.body,
            )
        append_event(connection, job_id, "ended", {"state": state}, self._now())
        add_delivery(connection, job_id, ending_event(state), now)

    def _request(self, connection: sqlite3.Connection, job_id: str) -> JobRequest:
        found = connection.execute("SELECT * FROM requests WHERE id = ?", (job_id,)).fetchone()
        return request_of(found)

    def _accepted(
        self, connection: sqlite3.Connection, job_id: str, lease: Lease | None, *, is_new: bool
    ) -> Accepted:
        job = job_of(find(connection, job_id), self._now())
        return Accepted(job, self._request(connection, job_id), lease, is_new)

    def _something_waits(self) -> bool:
        """Whether a claim may find a job. It reads without the lock for writers, because idle
        workers ask often."""
        with self._file.reading() as connection:
            queued = connection.execute("SELECT 1 FROM ring LIMIT 1").fetchone()
            return queued is not None or ring.expired(connection, self._now()) is not None
