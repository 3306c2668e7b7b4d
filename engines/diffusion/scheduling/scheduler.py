"""Chooses the requests that take the next denoising step. No torch, no threads, no I/O.

Requests that can share a forward pass form a *lane* (same model, adapter and picture size). Within
a lane the order is first come, first served. Between lanes it is start-time fair queueing (Goyal,
Vin and Cheng, 1996): every lane has a tag in virtual time; the lane with the smallest tag runs,
and its tag is increased by the cost of the step.
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
"""A step is charged at least budget / 4, because every forward pass has a fixed cost. So for each
full step of its own, a waiting lane is overtaken at most 4 times by each other lane."""
_RECOVERY_STEPS = 200
"""Number of steps without running out of memory after which a reduced budget is doubled."""


class Residency(Enum):
    """Whether a model can be used now."""

    READY = "ready"
    LOADING = "loading"
    NO_ROOM = "no room"
    """The model does not fit into memory beside the models in use."""


@dataclass(frozen=True, slots=True)
class LaneKey:
    """The properties that requests must have in common to share a forward pass."""

    model_id: str
    lora: str | None = None
    height: int = 512
    """Height of the generated picture, pixels; a multiple of the VAE's grid, as is `width`."""
    width: int = 512
    alone: bool = False
    """Whether each request takes its steps alone, so that its image is reproducible bit by bit."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The properties of a request that the scheduler needs."""

    place: str
    """Where the image will be stored (`GenerationRequest.place`); no two tickets have the same."""
    key: LaneKey
    cost_px: int
    """Latent pixels of all its rows in one step."""
    deadline_at: float | None = None
    """Seconds on the scheduler's clock; None: no deadline."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The requests of one lane that take one step; `places` in order of arrival, not empty."""

    key: LaneKey
    places: tuple[str, ...]
    cost_px: int


@dataclass(slots=True)
class _Lane:
    tag: float
    """Virtual time, in latent pixels, at which the lane may run again."""
    tickets: dict[str, Ticket] = field(default_factory=dict)


class BatchScheduler:
    """Accepts requests, batches their steps, and removes them. Not thread-safe.

    The rows of a step have at most `budget_px` latent pixels, unless the step has one request only.
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
        """Latent pixels that a step may hold now; reduced after a step ran out of memory."""
        return self._budget_px

    def budget_of(self, model_id: str) -> int:
        """Latent pixels that a step of this model may hold now, also limited by `fit`."""
        return min(self._budget_px, self._worthwhile_px.get(model_id, self._budget_px))

    def fit(self, model_id: str, worthwhile_px: int) -> None:
        """Limit steps of this model to `worthwhile_px` latent pixels: larger ones gain nothing."""
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

    def __contains__(self, place: str) -> bool:
        return place in self._tickets

    def places(self) -> tuple[str, ...]:
        """Places of all requests that were added and not removed, in order of arrival."""
        return tuple(self._tickets)

    def model_ids(self) -> list[str]:
        """The models of all requests that still need steps, each once. The model whose lane is
        next comes first."""
        return list(dict.fromkeys(key.model_id for key, _ in self._in_turn()))

    def add(self, ticket: Ticket, retry_after_s: float = 1.0) -> None:
        """Add a request.

        Raises `Overloaded` if `max_queued` requests wait already, and `ValueError` for a place that
        is in use.
        """
        if ticket.place in self._tickets:
            raise ValueError(f"{ticket.place} is already scheduled")
        if self.queued >= self._max_queued:
            raise Overloaded(f"{self.queued} requests are waiting already", retry_after_s)
        self._tickets[ticket.place] = ticket
        lane = self._lanes.setdefault(ticket.key, _Lane(self._virtual_time))
        lane.tickets[ticket.place] = ticket

    def cancel(self, place: str) -> None:
        """Mark the request, so that the next `reap` removes it; unknown places are ignored."""
        if place in self._tickets:
            self._canceled[place] = None

    def reap(self) -> list[tuple[str, Literal["canceled", "late"]]]:
        """Remove the requests that were canceled or are past their deadline; returns their places
        and the reason."""
        now = self._clock()
        gone: list[tuple[str, Literal["canceled", "late"]]] = [
            (place, "canceled") for place in self._canceled
        ]
        gone += [
            (place, "late")
            for place, ticket in self._tickets.items()
            if ticket.deadline_at is not None
            and now >= ticket.deadline_at
            and place not in self._canceled
        ]
        for place, _ in gone:
            self.remove(place)
        return gone

    def next_batch(self, residency: Callable[[str], Residency]) -> Batch | None:
        """Choose the requests of the next step and charge their lane; None if nothing can run.

        If a model has no room in memory, the other models start no new requests until it is loaded,
        so that it waits only for the images that are being made.
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

    def weigh(self, place: str, cost_px: int) -> None:
        """Set the cost of the request's next steps; ignored if it takes no steps any more."""
        ticket = self._tickets.get(place)
        lane = self._lanes.get(ticket.key) if ticket else None
        if ticket is None or lane is None or place not in lane.tickets:
            return
        lane.tickets[place] = self._tickets[place] = replace(ticket, cost_px=cost_px)

    def finish_steps(self, place: str) -> None:
        """Take a request that has done all its steps out of its lane, and queue it for decoding."""
        self._leave_lane(self._tickets[place])
        self._decoding[place] = None

    def to_decode(self) -> tuple[str, ...]:
        """Places of the requests that wait for the decoder, longest wait first; each stays until
        `remove`."""
        return tuple(self._decoding)

    def remove(self, place: str) -> None:
        """Remove a request at any stage; unknown places are ignored."""
        ticket = self._tickets.pop(place, None)
        if ticket is not None:
            self._leave_lane(ticket)
        self._started.discard(place)
        self._decoding.pop(place, None)
        self._canceled.pop(place, None)

    def shrink_budget(self, cost_px: int) -> None:
        """Limit steps to half of `cost_px` for a while, because one of `cost_px` ran out of
        memory."""
        self._budget_px = max(1, min(self._budget_px, cost_px // 2))
        self._steps_since_trouble = 0

    def _in_turn(self) -> list[tuple[LaneKey, _Lane]]:
        return sorted(self._lanes.items(), key=lambda item: item[1].tag)

    def _first_fit(self, key: LaneKey, lane: _Lane) -> list[Ticket]:
        """The requests that fit into a step, in order of arrival.

        A later, smaller request may fill a gap without delaying an earlier one, because at every
        step the earlier request is considered first.
        """
        draining = self._is_draining(key.model_id)
        picked: list[Ticket] = []
        room_px = self.budget_of(key.model_id)
        for ticket in lane.tickets.values():
            if picked and key.alone:
                break
            if draining and ticket.place not in self._started:
                continue
            if ticket.cost_px <= room_px or not picked:
                picked.append(ticket)
                room_px -= ticket.cost_px
            if room_px <= 0:
                break
        return picked

    def _is_draining(self, model_id: str) -> bool:
        """Whether the model may start no new requests, because another model waits for its memory.

        False for a model that has not started a request yet: otherwise two models could replace
        each other forever without making an image.
        """
        if self._wanted_model in (None, model_id):
            return False
        return any(self._tickets[each].key.model_id == model_id for each in self._started)

    def _charge(self, key: LaneKey, lane: _Lane, picked: list[Ticket]) -> Batch:
        cost_px = sum(ticket.cost_px for ticket in picked)
        self._virtual_time = max(self._virtual_time, lane.tag)
        lane.tag = self._virtual_time + max(cost_px, self._full_budget_px // _LEAST_COST_SHARE, 1)
        self._started.update(ticket.place for ticket in picked)
        self._recover_budget()
        return Batch(key, tuple(ticket.place for ticket in picked), cost_px)

    def _recover_budget(self) -> None:
        self._steps_since_trouble += 1
        if self._steps_since_trouble % _RECOVERY_STEPS == 0:
            self._budget_px = min(self._full_budget_px, self._budget_px * 2)

    def _leave_lane(self, ticket: Ticket) -> None:
        lane = self._lanes.get(ticket.key)
        if lane is None:
            return
        lane.tickets.pop(ticket.place, None)
        if not lane.tickets:
            del self._lanes[ticket.key]
            if all(key.model_id != self._wanted_model for key in self._lanes):
                self._wanted_model = None
