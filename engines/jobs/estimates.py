"""Where a queued job stands and when it may be done, as pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engines.jobs.fairness import SHARE
from engines.jobs.model import Job


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store knows about a job's surroundings."""

    own_ahead: int
    """Queued jobs of the same key and class that were accepted before it."""
    others: Sequence[int]
    """For each other key of the class: how many jobs it has queued."""
    higher: int
    """Queued jobs of higher classes, of all keys."""
    running: int
    """Jobs that run now, of all keys."""
    recent_s: Sequence[float]
    """Seconds per image (or unit of cost) of the jobs of its kind that succeeded last."""


@dataclass(frozen=True, slots=True)
class Eta:
    """Seconds until the job ends, and what the number is made of."""

    seconds: float
    basis: str


def position(standing: Standing) -> int:
    """1 for the job that starts next. Keys take turns: another key goes first at most once more
    often than this key has jobs ahead. Higher classes leave this one its share."""
    turns = standing.own_ahead + 1
    in_class = turns + sum(min(count, turns) for count in standing.others)
    return min(standing.higher, SHARE * in_class) + in_class


def eta(job: Job, standing: Standing, now: float) -> Eta | None:
    """None for a job that has ended, and where nothing like it has been seen yet."""
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
