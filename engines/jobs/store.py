"""Where jobs are kept: the contract of every store. `tests/engines/jobs` runs it over all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from engines.errors import JsonValue
from engines.jobs.deliveries import Deliveries
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
    Lease,
    Priority,
    Selection,
)

Ending = Literal["succeeded", "failed", "canceled"]


class JobStore(Protocol):
    """Jobs of all ingress replicas, under the same `JobTerms`. Every method blocks and is one
    atomic step; share it between threads and processes.

    What a method has returned survives the death of every process; an accepted detached job also
    that of the machine (Redis: as its persistence says). `NotFound` where a job is not there,
    `Overloaded` where the store is away or busy, `StorageFailed` where it cannot write.
    """

    @property
    def deliveries(self) -> Deliveries:
        """What the jobs' webhooks are to be told."""

    def accept(self, draft: Draft) -> Accepted:
        """Keep a new job, or find the one that the owner's idempotency key names.

        A new job that is detached is queued; one that is not is leased to the caller. Of a known
        job that is not detached and that nobody holds, the caller gets the lease; a detached draft
        makes such a job detached.
        Raises:
            Conflict: the key was used with another digest.
            Overloaded: the owner has as many unfinished jobs as the terms allow.
        """

    def claim(self, passing_over: Collection[str] = ()) -> Claimed | None:
        """The detached job that runs next, leased to the caller; None where nothing waits.

        First those whose lease has expired; then by class, of which each has its share, and within
        a class by deficit round robin over keys. `passing_over`: hashes of keys whose turn it is
        not now.
        """

    def renew(self, lease: Lease) -> bool:
        """Hold the job for longer; True where its client wants it canceled. `LeaseLost`."""

    def report(self, lease: Lease, done: int, total: int, data: Mapping[str, JsonValue]) -> bool:
        """Keep the progress and append an event `progress` with it and `data`; True where its
        client wants the job canceled. `LeaseLost`."""

    def release(self, lease: Lease, why: str) -> None:
        """Give the job back unfinished: a detached one is queued at the head of its key's jobs,
        another waits for its caller to come again. `LeaseLost`."""

    def forget(self, lease: Lease) -> None:
        """Remove the job: nothing was done, and its idempotency key is free. `LeaseLost`."""

    def finish(self, lease: Lease, state: Ending, answer: Answer | None) -> bool:
        """End the job, once: False where the lease is lost, and then nothing changed."""

    def cancel(self, job_id: str) -> Canceling:
        """A queued job ends here and now; a running one is told at its next report; an ended one
        stays as it is. Raises `NotFound`."""

    def get(self, job_id: str) -> Job:
        """The job of this id. Raises `NotFound`."""

    def request_of(self, job_id: str) -> JobRequest:
        """The request that the job was made from. Raises `NotFound`."""

    def answer_of(self, job_id: str) -> Answer | None:
        """None until it has ended, and for a job that was canceled before it ran."""

    def events(self, job_id: str, after_seq: int, limit: int) -> Sequence[JobEvent]:
        """The first `limit` after `after_seq`, in order."""

    def list(self, selection: Selection, limit: int, before_seq: int | None) -> Sequence[Job]:
        """Detached jobs, the newest first: `limit` of those accepted before number `before_seq`."""

    def standing(self, job_id: str) -> Standing:
        """What position and ETA are made of."""

    def queued(self) -> Mapping[Priority, int]:
        """How many detached jobs of each class wait; every class is named."""

    def purge(self, limit: int = 500) -> int:
        """Remove at most `limit` records whose time is over, and say how many there were."""

    def close(self) -> None:
        """Give connections back."""
