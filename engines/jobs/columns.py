"""The columns of a job, the same in all stores."""

from __future__ import annotations

from typing import Any, Protocol

from engines.jobs.model import PRIORITIES, Job, Owner


class Columns(Protocol):
    """A row of a table, or a dictionary with the same names."""

    def __getitem__(self, name: str, /) -> Any: ...


def job_of(row: Columns, now: float) -> Job:
    """The job in a record. `now`: seconds since 1970, for fields that depend on the time."""
    return Job(
        id=row["id"],
        seq=row["seq"],
        owner=Owner(row["key_hash"], row["key_name"], row["space"] or None),
        kind=row["kind"],
        priority=PRIORITIES[row["priority"]],
        cost=row["cost"],
        dataset=row["dataset"],
        detached=bool(row["detached"]),
        state=row["state"],
        tries=row["tries"],
        cancel_requested=bool(row["cancel_requested"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        expires_at=row["expires_at"] if row["ended_at"] is not None else None,
        done=row["done"],
        total=row["total"],
        leased=row["lease_until"] is not None and row["lease_until"] > now,
    )
