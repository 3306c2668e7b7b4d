"""Which requests take the next denoising step together. Pure: no torch, no threads, no I/O.

Requests that fit one forward share a *lane* (same model, adapter and picture size). Within a lane
the order is first come, first served. Between lanes it is start-time fair queueing (Goyal, Vin
and Cheng, 1996): every lane has a tag in virtual time; the lane with the least tag runs, and its
tag moves on by what the step cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal

from engines.errors import Overloaded

if TYPE_CHECKING:
    from engines.protocols import Clock

_LEAST_COST_SHARE = 4
"""A step costs at least budget / 4: a forward has a fixed part, and so a lane that waits is passed
at most so many times by each other lane for one full step of its own."""
_RECOVERY_STEPS = 200
"""Steps without trouble after which a budget that was halved is doubled again."""


class Residency(Enum):
    """Whether a model's weights can be used now."""

    READY = "ready"
    LOADING = "loading"
    NO_ROOM = "no room"
    """Every model in memory is in use, and this one does not fit beside them."""


@dataclass(frozen=True, slots=True)
class LaneKey:
    """What requests must have in common to share one forward."""

    model_id: str
    lora: str | None = None
    height: int = 512
    """Of the generated picture, pixels, a multiple of the VAE's grid."""
    width: int = 512
    alone: bool = False
    """Whether its requests share no step, so that each image is the same to the last bit."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request as the scheduler sees it."""

    image_id: str
    key: LaneKey
    cost_px: int
    """Latent pixels of its rows in one step."""
    deadline_at: float | None = None
    """On the injected clock, seconds."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests of one lane for one step; `image_ids` in order of arrival, never empty."""

    key: LaneKey
    image_ids: tuple[str, ...]
    cost_px: int


@dataclass(slots=True)
class _Lane:
    tag: float
    """Virtual time, in latent pixels, at which the lane may run again."""
    tickets: dict[str, Ticket] = field(default_factory=dict)


class BatchScheduler:
    """Admits, batches, and forgets requests. Not thread-safe: one lock of the owner guards it.

    A step's rows cost at most `budget_px` latent pixels, or the step holds one request alone.
    """

    def __init__(self, budget_px: int, max_queued: int, clock: Clock) -> None:
        self._full_budget_px = budget_px
        self._budget_px = budget_px
        self._steps_since_trouble = 0
        self._max_queued = max_queued
        self._clock = clock
        self._lanes: dict[LaneKey, _Lane] = {}
        self._tickets: dict[str, Ticket] = {}
        self._started: set[str] = set()
        self._decoding: dict[str, None] = {}
        self._canceled: dict[str, None] = {}
        self._virtual_time = 0.0
        self._wanted_model: str | None = None
        self._worthwhile_px: dict[str, int] = {}

    @property
    def budget_px(self) -> int:
        """Latent pixels that a step may hold now; less than configured after an out-of-memory."""
        return self._budget_px

    def budget_of(self, model_id: str) -> int:
        """The same for steps of this model: no more than is worthwhile for it."""
        return min(self._budget_px, self._worthwhile_px.get(model_id, self._budget_px))

    def fit(self, model_id: str, worthwhile_px: int) -> None:
        """A step of this model is not worth more latent pixels than these."""
        self._worthwhile_px[model_id] = worthwhile_px

    @property
    def queued(self) -> int:
        """Requests that wait for their first step."""
        return len(self._tickets) - len(self._started)

    @property
    def running(self) -> int:
        """Requests between their first step and their decoded image."""
        return len(self._started)

    @property
    def decoding(self) -> int:
        """Requests whose steps are done and whose latents wait for the decoder."""
        return len(self._decoding)

    def __contains__(self, image_id: str) -> bool:
        return image_id in self._tickets

    def image_ids(self) -> tuple[str, ...]:
        """Everything that was added and has not been removed, in order of arrival."""
        return tuple(self._tickets)

    def model_ids(self) -> list[str]:
        """Models that a request waits for or takes steps with, the one that is next first."""
        return list(dict.fromkeys(key.model_id for key, _ in self._in_turn()))

    def add(self, ticket: Ticket, retry_after_s: float = 1.0) -> None:
        """Take a request in; `Overloaded` when `max_queued` wait already. Ids must be new."""
        if ticket.image_id in self._tickets:
            raise ValueError(f"{ticket.image_id} is already scheduled")
        if self.queued >= self._max_queued:
            raise Overloaded(f"{self.queued} requests are waiting already", retry_after_s)
        self._tickets[ticket.image_id] = ticket
        lane = self._lanes.setdefault(ticket.key, _Lane(self._virtual_time))
        lane.tickets[ticket.image_id] = ticket

    def cancel(self, image_id: str) -> None:
        """Have the next `reap` remove the request; unknown ids are fine."""
        if image_id in self._tickets:
            self._canceled[image_id] = None

    def reap(self) -> list[tuple[str, Literal["canceled", "late"]]]:
        """Remove and name what was canceled or is past its deadline, at whatever stage."""
        now = self._clock()
        gone: list[tuple[str, Literal["canceled", "late"]]] = [
            (image_id, "canceled") for image_id in self._canceled
        ]
        gone += [
            (image_id, "late")
            for image_id, ticket in self._tickets.items()
            if ticket.deadline_at is not None
            and now >= ticket.deadline_at
            and image_id not in self._canceled
        ]
        for image_id, _ in gone:
            self.remove(image_id)
        return gone

    def next_batch(self, residency: Callable[[str], Residency]) -> Batch | None:
        """Choose the next step's requests and charge their lane; None when nothing can run.

        A model without room is *wanted*: until it gets in, requests that other models have
        started go on but no new one joins them, so that it waits for the images under way only.
        """
        for key, lane in self._in_turn():
            state = residency(key.model_id)
            if state is Residency.NO_ROOM:
                self._wanted_model = self._wanted_model or key.model_id
            elif self._wanted_model == key.model_id:
                self._wanted_model = None
            if state is Residency.READY and (picked := self._first_fit(key, lane)):
                return self._charge(key, lane, picked)
        return None

    def weigh(self, image_id: str, cost_px: int) -> None:
        """Its next steps cost so much; without effect on who takes no steps any more."""
        ticket = self._tickets.get(image_id)
        lane = self._lanes.get(ticket.key) if ticket else None
        if ticket is None or lane is None or image_id not in lane.tickets:
            return
        lane.tickets[image_id] = self._tickets[image_id] = replace(ticket, cost_px=cost_px)

    def finish_steps(self, image_id: str) -> None:
        """Its denoising is done: free its rows and queue it for the decoder."""
        self._leave_lane(self._tickets[image_id])
        self._decoding[image_id] = None

    def to_decode(self) -> tuple[str, ...]:
        """Whose latents wait for the decoder, the longest first; they stay until removed."""
        return tuple(self._decoding)

    def remove(self, image_id: str) -> None:
        """Forget a request at whatever stage; unknown ids are fine."""
        ticket = self._tickets.pop(image_id, None)
        if ticket is not None:
            self._leave_lane(ticket)
        self._started.discard(image_id)
        self._decoding.pop(image_id, None)
        self._canceled.pop(image_id, None)

    def shrink_budget(self, cost_px: int) -> None:
        """A step of `cost_px` did not fit the device: plan half of it for a while."""
        self._budget_px = max(1, min(self._budget_px, cost_px // 2))
        self._steps_since_trouble = 0

    def _in_turn(self) -> list[tuple[LaneKey, _Lane]]:
        return sorted(self._lanes.items(), key=lambda item: item[1].tag)

    def _first_fit(self, key: LaneKey, lane: _Lane) -> list[Ticket]:
        """In order of arrival, whoever still fits. An earlier request always chooses first, so
        one that fills a gap delays nobody; it gives way as soon as the earlier one fits."""
        draining = self._is_draining(key.model_id)
        picked: list[Ticket] = []
        room_px = self.budget_of(key.model_id)
        for ticket in lane.tickets.values():
            if picked and key.alone:
                break
            if draining and ticket.image_id not in self._started:
                continue
            if ticket.cost_px <= room_px or not picked:
                picked.append(ticket)
                room_px -= ticket.cost_px
            if room_px <= 0:
                break
        return picked

    def _is_draining(self, model_id: str) -> bool:
        """Another model waits for this one's room. Does not hold for a model that was only just
        loaded: its first batch starts, or two models could put each other out for ever."""
        if self._wanted_model in (None, model_id):
            return False
        return any(self._tickets[each].key.model_id == model_id for each in self._started)

    def _charge(self, key: LaneKey, lane: _Lane, picked: list[Ticket]) -> Batch:
        cost_px = sum(ticket.cost_px for ticket in picked)
        self._virtual_time = max(self._virtual_time, lane.tag)
        lane.tag = self._virtual_time + max(cost_px, self._full_budget_px // _LEAST_COST_SHARE, 1)
        self._started.update(ticket.image_id for ticket in picked)
        self._recover_budget()
        return Batch(key, tuple(ticket.image_id for ticket in picked), cost_px)

    def _recover_budget(self) -> None:
        self._steps_since_trouble += 1
        if self._steps_since_trouble % _RECOVERY_STEPS == 0:
            self._budget_px = min(self._full_budget_px, self._budget_px * 2)

    def _leave_lane(self, ticket: Ticket) -> None:
        lane = self._lanes.get(ticket.key)
        if lane is None:
            return
        lane.tickets.pop(ticket.image_id, None)
        if not lane.tickets:
            del self._lanes[ticket.key]
            if all(key.model_id != self._wanted_model for key in self._lanes):
                self._wanted_model = None
