"""The contract of every job store. `tests/engines/jobs` tests all stores against it."""

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
    """Stores the jobs of all ingress replicas, which use the same `JobTerms`. Every method blocks
    and is one atomic step. Threads and processes may share a store.

    When a method has returned, its change survives a crash of every process. An accepted detached
    job also survives a crash of the machine (in Redis, this depends on its persistence settings).

    Raises:
        NotFound: the job does not exist.
        Overloaded: the store cannot be reached or is busy.
        StorageFailed: the store cannot write.
    """

    @property
    def deliveries(self) -> Deliveries:
        """The deliveries of events to the jobs' webhooks."""

    def accept(self, draft: Draft) -> Accepted:
        """Store a new job, or find the one that the owner's idempotency key refers to.

        A new job is queued if it is detached; otherwise the caller gets its lease. If an existing
        job is not detached and nobody holds it, the caller gets its lease. A detached draft makes
        such a job detached.

        Raises:
            Conflict: the idempotency key was used with another digest.
            Overloaded: the owner has the largest number of unfinished jobs that the terms allow.
        """

    def known(self, draft: Draft) -> Job | None:
        """The job that the draft's idempotency key refers to; None for a new key, or without one.
        Changes nothing. Raises `Conflict` if the key was used with another digest."""

    def claim(self, passing_over: Collection[str] = ()) -> Claimed | None:
        """Get the detached job that runs next, with a lease; None if none waits. Jobs whose lease
        has expired come first. Then the class is chosen, in which each has its share, and within
        the class the API key, by deficit round robin. `passing_over`: hashes of API keys whose jobs
        are not taken now."""

    def renew(self, lease: Lease) -> bool:
        """Extend the lease. True if the client has canceled the job. Raises `LeaseLost`."""

    def report(self, lease: Lease, done: int, total: int, data: Mapping[str, JsonValue]) -> bool:
        """Store the progress, and append an event "progress" with it and `data`. True if the client
        has canceled the job. Raises `LeaseLost`."""

    def release(self, lease: Lease, why: str) -> None:
        """Give back a job that is not finished. A detached job returns to its place in its key's
        queue. Any other job waits until its caller comes back. Raises `LeaseLost`."""

    def forget(self, lease: Lease) -> None:
        """Delete a job for which nothing was done. Its idempotency key can be used again. Raises
        `LeaseLost`."""

    def finish(self, lease: Lease, state: Ending, answer: Answer | None) -> bool:
        """End the job. False if the lease is lost; then nothing is changed."""

    def cancel(self, job_id: str) -> Canceling:
        """Cancel a job. A queued job ends now. The worker of a running job learns of it from its
        next `renew` or `report`. A job that has ended stays unchanged. Raises `NotFound`."""

    def get(self, job_id: str) -> Job:
        """The job with this id. Raises `NotFound`."""

    def request_of(self, job_id: str) -> JobRequest:
        """The job's request. Raises `NotFound`."""

    def answer_of(self, job_id: str) -> Answer | None:
        """The job's answer. None if it has not ended, or was canceled before it ran."""

    def events(self, job_id: str, after_seq: int, limit: int) -> Sequence[JobEvent]:
        """The first `limit` events after number `after_seq`, in order."""

    def list(self, selection: Selection, limit: int, before_seq: int | None) -> Sequence[Job]:
        """The newest `limit` detached jobs of the selection, the newest first. `before_seq`: only
        jobs with a smaller number; None: all."""

    def standing(self, job_id: str) -> Standing:
        """The data from which the position and the end of a job are estimated."""

    def queued(self) -> Mapping[Priority, int]:
        """The number of waiting detached jobs of each class, with 0 for a class without any."""

    def purge(self, limit: int = 500) -> int:
        """Delete at most `limit` records that have expired, and return their number."""

    def close(self) -> None:
        """Close all connections."""
