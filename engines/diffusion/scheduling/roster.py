"""All requests in the engine: admits them, and makes sure that each ends exactly once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol

from engines.diffusion import sizes
from engines.diffusion.scheduling import guidance
from engines.diffusion.scheduling.generation import Generation
from engines.diffusion.scheduling.scheduler import BatchScheduler, LaneKey, Residency, Ticket
from engines.errors import (
    Canceled,
    DeadlineExceeded,
    InferloopError,
    InvalidParameters,
    NotFound,
    ReplicaLost,
)

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig, ModelEntry
    from engines.diffusion.counters import Counters
    from engines.protocols import Clock, GenerationListener
    from engines.types import GenerationRequest


class Models(Protocol):
    """The part of `models.cache.ModelCache` that the roster uses."""

    def residencies(self, model_ids: Sequence[str]) -> dict[str, Residency]:
        """The state of each model; begins to load absent models if there is room."""

    def take_failures(self) -> dict[str, InferloopError]:
        """Model id to error, for loads that failed since the last call."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the engine must do next."""

    ended: Sequence[tuple[Generation, InferloopError]]
    """Requests that end without an image: canceled, past their deadline, or model not loaded."""
    batch: Sequence[Generation]
    """Requests of one lane that take one denoising step together; may be empty."""

    @property
    def has_work(self) -> bool:
        """Whether anything ends or is computed in this turn."""
        return bool(self.ended or self.batch)


class Roster:
    """The scheduler and the requests, protected by one lock that is held only for microseconds.

    Any thread may call `admit`, `cancel` and `wake`; only the engine's thread the other methods.
    """

    def __init__(
        self,
        config: EngineConfig,
        size_rules: Mapping[str, sizes.SizeRule],
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._config = config
        self._size_rules = size_rules
        self._counters = counters
        self._clock = clock
        self._changed = threading.Condition()
        self._scheduler = BatchScheduler(config.max_step_latent_px, config.max_queued, clock)
        self._generations: dict[str, Generation] = {}
        """By place, since ids are unique only within a dataset and a space."""
        self._woken = False
        self._closed = False

    @property
    def gauges(self) -> tuple[int, int, int]:
        """Numbers of queued requests, of running requests, and of those running requests that wait
        for the decoder."""
        with self._changed:
            scheduler = self._scheduler
            return scheduler.queued, scheduler.running, scheduler.decoding

    def admit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        """Accept a request. Raises the errors of `DiffusionEngine.submit`."""
        entry = self._entry_for(request)
        asked, request = request, guidance.as_drawn(request, entry)
        note = guidance.note(asked.guidance_scale, request.guidance_scale)
        now = self._clock()
        key, cost_px = self._plan(request, entry)
        deadline_at = None if request.deadline_s is None else now + request.deadline_s
        with self._changed:
            if self._closed:
                raise ReplicaLost("The diffusion engine has stopped")
            if request.place in self._generations:
                raise InvalidParameters.of(
                    "image_id", request.image_id, "unique", "is being generated already"
                )
            ticket = Ticket(request.place, key, cost_px, deadline_at)
            self._scheduler.add(ticket, self._retry_after_s())
            self._generations[request.place] = Generation(
                request, listener, entry, now, notes=(note,) if note else ()
            )
            self.wake()

    @property
    def step_budgets_px(self) -> dict[str, int]:
        """Model id to the latent pixels that a step may hold now."""
        with self._changed:
            return {each.id: self._scheduler.budget_of(each.id) for each in self._config.models}

    def fit(self, model_id: str, rows: int, side_px: int) -> None:
        """Limit steps of this model to `rows` rows of square pictures of `side_px` pixels."""
        height, width = self._size_rules[model_id].latent(side_px, side_px)
        with self._changed:
            self._scheduler.fit(model_id, rows * height * width)

    def cancel(self, place: str) -> None:
        """End the request at the next turn; unknown places are ignored."""
        with self._changed:
            self._scheduler.cancel(place)
            self.wake()

    def wake(self) -> None:
        """Make the present or the next `wait` return at once."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def wait(self, most_s: float = 5.0) -> bool:
        """Block until `wake` is called, for at most `most_s` seconds; if there are requests, for at
        most 50 ms, because their deadlines must be checked. Returns whether there was a call or
        there are requests."""
        with self._changed:
            if not self._woken:
                self._changed.wait(0.05 if self._generations else most_s)
            return self._woken or bool(self._generations)

    def close(self) -> None:
        """Refuse all further requests."""
        with self._changed:
            self._closed = True
            self.wake()

    def next_turn(self, models: Models) -> Turn:
        """Choose what the engine does next, and begin to load the models that requests need.

        If `max_decoding` latents wait for the decoder, the batch is empty.
        """
        with self._changed:
            self._woken = False
            wanted = self._scheduler.model_ids()
        residencies = models.residencies(wanted)
        unloadable = models.take_failures()
        with self._changed:
            ended = [
                (generation, unloadable[generation.entry.id])
                for generation in self._generations.values()
                if generation.entry.id in unloadable
            ]
            gone = self._scheduler.reap()
            ended += [self._early_end(place, why) for place, why in gone]
            batch = self._next_batch(residencies)
        return Turn(ended, batch)

    def everyone(self) -> tuple[Generation, ...]:
        """All requests that have not ended."""
        with self._changed:
            return tuple(self._generations.values())

    def to_decode(self) -> list[Generation]:
        """Requests whose latents wait for the decoder, longest wait first. Ends before the first
        request of another model, so all use the same model."""
        with self._changed:
            waiting = [self._generations[each] for each in self._scheduler.to_decode()]
        return list(takewhile(lambda each: each.entry.id == waiting[0].entry.id, waiting))

    def weigh(self, generation: Generation) -> None:
        """Tell the scheduler the cost of the request's next step, if its rows have changed."""
        rows = generation.rows
        if rows == generation.rows_planned:
            return
        generation.rows_planned = rows
        cost_px = rows * sizes.row_px(generation.request, self._size_rules[generation.entry.id])
        with self._changed:
            if not generation.ended:
                self._scheduler.weigh(generation.request.place, cost_px)

    def finish_steps(self, generation: Generation) -> None:
        """Take the request out of its lane, and queue it for the decoder."""
        with self._changed:
            if not generation.ended:
                self._scheduler.finish_steps(generation.request.place)

    def did_not_fit(self, group: Sequence[Generation]) -> None:
        """Plan smaller steps for a while, because a step of this group ran out of memory."""
        cost_px = sum(self._plan(each.request, each.entry)[1] for each in group)
        with self._changed:
            self._scheduler.shrink_budget(cost_px)

    def end(self, generation: Generation) -> bool:
        """Mark the request as ended; returns False if it had ended already."""
        with self._changed:
            if generation.ended:
                return False
            generation.ended = True
            del self._generations[generation.request.place]
            self._scheduler.remove(generation.request.place)
            return True

    def _next_batch(self, residencies: Mapping[str, Residency]) -> list[Generation]:
        if self._scheduler.decoding >= self._config.max_decoding:
            return []
        batch = self._scheduler.next_batch(
            lambda model_id: residencies.get(model_id, Residency.LOADING)
        )
        return [self._generations[each] for each in batch.places] if batch else []

    def _early_end(self, place: str, why: str) -> tuple[Generation, InferloopError]:
        generation = self._generations[place]
        if why == "late":
            return generation, DeadlineExceeded(generation.request.deadline_s or 0.0)
        return generation, Canceled("Generation was canceled")

    def _plan(self, request: GenerationRequest, entry: ModelEntry) -> tuple[LaneKey, int]:
        return sizes.plan(request, entry.id, self._size_rules[entry.id])

    def _entry_for(self, request: GenerationRequest) -> ModelEntry:
        entry = self._config.find(request.model_id)
        if entry is None:
            raise NotFound("model", request.model_id)
        if request.lora is not None and entry.lora(request.lora) is None:
            raise NotFound("adapter", request.lora)
        return entry

    def _retry_after_s(self) -> float:
        """Estimated seconds until the queued requests are done, 1..60, from the mean step time per
        image so far."""
        counted = self._counters
        per_image_s = counted.step_s_total / counted.images_total if counted.images_total else 1.0
        return min(60.0, max(1.0, round(per_image_s * self._scheduler.queued, 1)))
