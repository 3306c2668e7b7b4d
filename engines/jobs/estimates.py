"""Estimates a job's position in the queue and the time of its end. Reads no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engines.jobs.fairness import SHARE
from engines.jobs.model import Job


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store knows about a job and the other jobs."""

    own_ahead: int
    """Number of queued jobs of the same key and class that were accepted before it."""
    others: Sequence[int]
    """For each other key of the class: the number of its queued jobs."""
    higher: int
    """Number of queued jobs of higher classes, of all keys."""
    running: int
    """Number of running jobs, of all keys."""
    recent_s: Sequence[float]
    """Seconds per image (or unit of cost) of the last jobs of this kind that succeeded."""


@dataclass(frozen=True, slots=True)
class Eta:
    """The estimated number of seconds until the job ends, and how it was computed."""

    seconds: float
    basis: str


def position(standing: Standing) -> int:
    """Position in the queue, 1 for the job that starts next. Keys take turns, so each other key can
    go first at most one time more than this key has earlier jobs. Of the jobs of higher classes, at
    most `SHARE` count for each job of this class."""
    turns = standing.own_ahead + 1
    in_class = turns + sum(min(count, turns) for count in standing.others)
    return min(standing.higher, SHARE * in_class) + in_class


def eta(job: Job, standing: Standing, now: float) -> Eta | None:
    """The estimate; None for a job that has ended, or if there is nothing to compute it from."""
    if job.state == "running" and job.started_at is not None and 0 < job.done < job.total:
        elapsed_s = max(0.0, now - job.started_at)
        left_s = elapsed_s * (job.total - job.done) / job.done
        return Eta(
            round(left_s, 1), f"its own pace: {job.done} of {job.total} in {elapsed_s:.1f} s"
        )
    if job.ended or not standing.recent_s:
        return None
    pace_s = sum(standing.recent_s) / len(standing.recent_s)
    at_once = max(1, standing.running)
    own_s = pace_s * job.cost
    waits_s = (position(standing) - 1) * pace_s / at_once if job.state == "queued" else 0.0
    basis = f"{pace_s:.2f} s an image, mean of the last {len(standing.recent_s)} jobs of its kind"
    if job.state == "queued":
        basis += f"; {position(standing) - 1} ahead, {at_once} at once"
    return Eta(round(waits_s + own_s, 1), basis)
