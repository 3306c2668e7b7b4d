"""What a job is: its request, state, events and answer. Immutable records, independent of the
store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from engines.errors import Conflict, JsonValue
from engines.jobs.deliveries import Webhook

State = Literal["queued", "running", "succeeded", "failed", "canceled"]
"""The last three are final states. A job that has reached one of them never changes again."""

ENDED: frozenset[State] = frozenset({"succeeded", "failed", "canceled"})
STATES: tuple[State, ...] = get_args(State)

Priority = Literal["low", "normal", "high"]
"""Priority class. A job of a higher class starts first, but lower classes keep a share
(`engines.jobs.fairness`)."""

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""The classes, the lowest one first."""


@dataclass(frozen=True, slots=True)
class JobTerms:
    """Times and limits for the jobs of a store."""

    lease_s: float = 15.0
    """Seconds after which a running job without a sign of life can be run by another worker."""
    keep_s: float = 86_400.0
    """Seconds for which an ended job is kept. A job that is not detached is kept as long after it
    was accepted, if its caller has left."""
    max_unfinished: int = 20_000
    """Largest number of unfinished jobs of one API key."""


class LeaseLost(Conflict):
    """Another worker has the job now, or it has ended. The caller must stop its work on the job."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The client who requested a job."""

    key_hash: str
    """Hash of the API key. Keys take turns in the queue."""
    key_name: str
    space: str | None = None
    """Name of the tenant's space; None for a client without a space."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The accepted request. If it is run again, it makes the same images under the same ids."""

    path: str
    """Path of the route that runs it."""
    body: str
    """The JSON body as the client sent it. Empty for a job that is not detached, because its caller
    has it."""
    unique: str
    """Base of all ids that the run assigns."""
    seed: int
    """Base of all seeds that the client omitted."""
    previews: bool = False
    """Whether its events contain small JPEG images of the unfinished image."""
    webhook: Webhook | None = None
    """Webhook to which the job's events are sent; None: no webhook."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What the client's header `Idempotency-Key` refers to."""

    key: str
    digest: str
    """Hash of the request. A second request with the same key and another digest is refused."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A job before it is accepted."""

    id: str
    owner: Owner
    kind: str
    request: JobRequest
    detached: bool = True
    """Whether a worker runs the job in the background. If not, it runs in the connection of the
    caller, who waits."""
    priority: Priority = "normal"
    cost: int = 1
    """Approximate number of images that it makes; at least 1."""
    dataset: str | None = None
    """Name of the dataset of the job, for lists; None if it has none."""
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The current state of a job. Times are seconds since 1970, UTC."""

    id: str
    seq: int
    """Number in order of acceptance. Later jobs have larger numbers."""
    owner: Owner
    kind: str
    priority: Priority
    cost: int
    dataset: str | None
    detached: bool
    state: State
    tries: int
    """How many times the job was started."""
    cancel_requested: bool
    created_at: float
    started_at: float | None = None
    """When the last run started."""
    ended_at: float | None = None
    expires_at: float | None = None
    """When the record can be deleted; None until the job has ended."""
    done: int = 0
    total: int = 0
    """Progress: `done` of `total` steps or images. Both are 0 until they are known."""
    leased: bool = False
    """Whether a worker or caller holds it now."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a job. It is valid until it expires or is taken by another worker."""

    job_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that the caller has to run now."""

    job: Job
    request: JobRequest
    lease: Lease


class Canceling(NamedTuple):
    """Result of canceling a job."""

    job: Job
    """The job after it was canceled."""
    ended_now: bool
    """Whether the job was still waiting and was ended by this call."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Result of submitting a draft: a new job, or the one that its idempotency key refers to."""

    job: Job
    request: JobRequest
    """The request as it was accepted first. All later runs use its ids and seeds."""
    lease: Lease | None
    """For a job that is not detached: the lease with which the caller has to run it now. None if
    another caller runs it, or if it has ended."""
    is_new: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP answer that a client gets if it waits for the request."""

    status: int
    headers: Mapping[str, str]
    body: str
    """The body as JSON text."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """An event of a job. `seq` counts the events of the job from 1, without gaps."""

    seq: int
    at: float
    type: str
    """"queued", "started", "progress" or "requeued"; at the end there is one "ended"."""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which jobs a list contains. A criterion that is None is not applied."""

    space: str | None
    """Always applied. None selects the jobs outside all spaces."""
    key_hash: str | None = None
    state: State | None = None
    kind: str | None = None
    dataset: str | None = None
    since: float | None = None
    """Only jobs that were accepted at this time or later."""

    def shows(self, job: Job) -> bool:
        """Whether the job meets all criteria."""
        wanted = (
            (self.key_hash, job.owner.key_hash),
            (self.state, job.state),
            (self.kind, job.kind),
            (self.dataset, job.dataset),
        )
        in_time = self.since is None or job.created_at >= self.since
        same = all(value is None or value == of_job for value, of_job in wanted)
        return job.detached and job.owner.space == self.space and in_time and same
