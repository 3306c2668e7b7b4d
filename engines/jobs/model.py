"""What a job is: its request, its state, its events, its answer. Frozen, no behavior of a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from engines.errors import Conflict, JsonValue
from engines.jobs.deliveries import Webhook

State = Literal["queued", "running", "succeeded", "failed", "canceled"]
"""The last three are endings: a job that has one never changes again."""

ENDED: frozenset[State] = frozenset({"succeeded", "failed", "canceled"})
STATES: tuple[State, ...] = get_args(State)

Priority = Literal["low", "normal", "high"]
"""A higher class starts first, but leaves the others a share (`engines.jobs.fairness`)."""

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""Lowest first."""


@dataclass(frozen=True, slots=True)
class JobTerms:
    """How long and how many."""

    lease_s: float = 15.0
    """Seconds that a job is held without a sign of life; then it goes on elsewhere."""
    keep_s: float = 86_400.0
    """Seconds that an ended job is kept, or one whose caller left."""
    max_unfinished: int = 20_000
    """Jobs of one key that have not ended."""


class LeaseLost(Conflict):
    """Another worker has the job now, or it has ended: whoever raises this must stop working."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asked for a job."""

    key_hash: str
    """Hash of the API key; the queue is fair between these."""
    key_name: str
    space: str | None = None
    """The tenant; None: outside every space."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What was accepted. Running it again makes the same images under the same ids."""

    path: str
    """Of the route that runs it."""
    body: str
    """JSON as the client sent it; empty for a job that is not `detached`: its caller has it."""
    unique: str
    """What every id that the run gives is made of."""
    seed: int
    """What every seed that the client left out is drawn from."""
    previews: bool = False
    """Whether events carry small JPEGs of the image as it comes."""
    webhook: Webhook | None = None
    """Where its events are told besides."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What the client's `Idempotency-Key` stands for."""

    key: str
    digest: str
    """Hash of what was asked for: the same key with another digest is refused."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that asks to be accepted."""

    id: str
    owner: Owner
    kind: str
    request: JobRequest
    detached: bool = True
    """Whether workers run it. Otherwise it runs in the connection of the caller who waits."""
    priority: Priority = "normal"
    cost: int = 1
    """About how many images it takes; at least 1."""
    dataset: str | None = None
    """What the job is about, for lists."""
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. Times are seconds since 1970, UTC."""

    id: str
    seq: int
    """Number of its acceptance; later jobs have larger ones."""
    owner: Owner
    kind: str
    priority: Priority
    cost: int
    dataset: str | None
    detached: bool
    state: State
    tries: int
    """Times that it was started."""
    cancel_requested: bool
    created_at: float
    started_at: float | None = None
    """Of the last try."""
    ended_at: float | None = None
    expires_at: float | None = None
    """When the record may be forgotten; None until it has ended."""
    done: int = 0
    total: int = 0
    """Progress: `done` of `total` steps or images; 0 of 0 until something is known."""
    leased: bool = False
    """Whether a worker or caller holds it now."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a job, until it expires or is lost."""

    job_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job to run now."""

    job: Job
    request: JobRequest
    lease: Lease


class Canceling(NamedTuple):
    """What became of a job that somebody cancels."""

    job: Job
    """As it stands then."""
    ended_now: bool
    """Whether it waited until now, and this ended it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where a draft ended up: a new job, or the one that its idempotency key names."""

    job: Job
    request: JobRequest
    """As first accepted: its ids and seeds hold for every later run."""
    lease: Lease | None
    """For the caller of a job that is not detached: run it now. None: somebody else does, or it
    has ended."""
    is_new: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client of the same request gets when it waits."""

    status: int
    headers: Mapping[str, str]
    body: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """`seq` counts from 1 without gaps within a job."""

    seq: int
    at: float
    type: str
    """`queued`, `started`, `progress`, `requeued`, then one `ended`."""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which jobs a list shows; None: whatever they have there."""

    space: str | None
    """Always applied: None is what lies outside every space."""
    key_hash: str | None = None
    state: State | None = None
    kind: str | None = None
    dataset: str | None = None
    since: float | None = None
    """Accepted at this time or later."""

    def shows(self, job: Job) -> bool:
        """Whether the job is one of them."""
        wanted = (
            (self.key_hash, job.owner.key_hash),
            (self.state, job.state),
            (self.kind, job.kind),
            (self.dataset, job.dataset),
        )
        in_time = self.since is None or job.created_at >= self.since
        same = all(value is None or value == of_job for value, of_job in wanted)
        return job.detached and job.owner.space == self.space and in_time and same
