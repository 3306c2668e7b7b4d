"""Makes a declared dataset. Many items run at the same time, and their order of completion does not
change the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from engines.datasets.spec.alike import Gallery
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan, Item
from engines.datasets.spec.result import BUDGET, NEAR_DUPLICATE, DatasetResult, Taken, taken_of
from engines.datasets.spec.tries import Judged, first_that_passes
from engines.errors import InferloopError, RequirementsNotMet
from engines.protocols import Clock
from engines.types import GenerationRequest, StoredImage


class Workshop(Protocol):
    """Makes and checks images. Implemented for the service's deployments and for batch jobs."""

    @property
    def default_model(self) -> str:
        """The model of items that name none."""

    async def make(self, request: GenerationRequest) -> StoredImage:
        """Make and store an image. If an earlier run of the same request stored it, return that.

        Raises `Conflict` if another image has the same id.
        """

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        """Check an image against all requirements that concern one image alone."""

    async def discard(self, key: str) -> None:
        """Remove an image and the files beside it, such as its recipe."""


OnProgress = Callable[[int, int], None]
"""Called with the number of finished items and the number of all items. It must not block."""


class _Spent(InferloopError):
    """The budget of the run is spent."""


@dataclass(slots=True)
class _Budget:
    spec: DatasetSpec
    clock: Clock
    started: float
    images: int = 0
    repeats: int = 0

    def spend(self, first: bool) -> None:
        """Count an image that is about to be made. Raises `_Spent` if the budget does not allow
        it. `first`: it is the first attempt for its item."""
        limits = self.spec.budgets
        late = limits.seconds is not None and self.clock() - self.started >= limits.seconds
        full = limits.images is not None and self.images >= limits.images
        tried = limits.tries is not None and not first and self.repeats >= limits.tries
        if late or full or tried:
            raise _Spent("The budget is spent")
        self.images += 1
        self.repeats += not first


@dataclass(slots=True)
class _Class:
    """The state of one class. Its images are accepted or refused in the order of their numbers."""

    gallery: Gallery | None
    decided: set[int] = field(default_factory=set)
    next_number: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, number: int) -> None:
        """Wait until all items before `number` are decided."""
        while self.next_number < number:
            await self.moved.wait()

    def end(self, number: int) -> None:
        """Item `number` is decided."""
        self.decided.add(number)
        while self.next_number in self.decided:
            self.decided.discard(self.next_number)
            self.next_number += 1
        moved, self.moved = self.moved, asyncio.Event()
        moved.set()


class DatasetRun:
    """One run over a plan.

    Whether an image is accepted depends on the image itself. If near-duplicates are refused, it
    also depends on the images of its class with lower numbers. It never depends on which image was
    finished first.
    """

    def __init__(
        self,
        plan: DatasetPlan,
        workshop: Workshop,
        in_flight: int,
        before: Mapping[str, Taken] | None = None,
        on_progress: OnProgress = lambda done, total: None,
        clock: Clock = time.monotonic,
    ) -> None:
        """`in_flight`: number of items at the same time. `before`: item id to the image that an
        earlier run accepted and that still exists. These images are kept."""
        self._plan, self._workshop = plan, workshop
        self._in_flight, self._before = in_flight, before or {}
        self._on_progress = on_progress
        self._budget = _Budget(plan.spec, clock, clock())
        wanted = plan.spec.require.near_duplicates
        self._distance = None if wanted is None else wanted.min_distance
        self._classes = {
            stratum: _Class(Gallery(self._distance) if self._distance else None)
            for stratum in plan.strata
        }
        self._ended = 0
        self.result = DatasetResult(plan.spec.name, plan.total)

    async def run(self) -> DatasetResult:
        """Make the missing images.

        An item that misses its requirements, or for which the budget is spent, is counted in the
        result. Any other error stops all work and is raised; another run can then continue.
        """
        items = self._plan.items()
        failure: InferloopError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._in_flight, self._plan.total)):
                    group.create_task(self._work(items))
        except* InferloopError as errors:
            failure = _first(errors)
        if failure is not None:
            raise failure
        return self.result

    async def _work(self, items: Iterator[Item]) -> None:
        for item in items:  # the iterator is shared, so each item goes to exactly one worker
            await self._item(item)
            self._classes[item.stratum].end(item.number)
            self._ended += 1
            self.result.images_made = self._budget.images
            self._on_progress(self._ended, self._plan.total)

    async def _item(self, item: Item) -> None:
        kept = self._before.get(item.item_id)
        if kept is not None:
            self.result.kept += 1
            await self._take(item, kept)
            return
        request = replace(self._plan.request(item, self._workshop.default_model), repeated=True)
        attempt = _Attempt(self, item)
        try:
            image = await first_that_passes(request, attempt.make, attempt)
        except RequirementsNotMet as error:
            self.result.miss(item, error.args[1])
        except _Spent:
            self.result.miss(item, {BUDGET: 1})
        else:
            self.result.take(item, taken_of(item, image))

    async def _take(self, item: Item, kept: Taken) -> None:
        gallery = self._classes[item.stratum].gallery
        if gallery is not None and kept.hashes is not None:
            await self._classes[item.stratum].turn(item.number)
            gallery.add(kept.hashes)
        self.result.take(item, kept)

    def spend(self, first: bool) -> None:
        """See `_Budget.spend`."""
        self._budget.spend(first)

    async def judged(self, item: Item, image: StoredImage, request: GenerationRequest) -> Judged:
        """Check an image alone, and then against the earlier images of its class."""
        judged = await self._workshop.judge(image, request)
        mates = self._classes[item.stratum]
        if judged.missed or mates.gallery is None or image.hashes is None:
            return judged
        await mates.turn(item.number)
        if mates.gallery.holds_like(image.hashes):
            return Judged(judged.verdicts, (NEAR_DUPLICATE,))
        mates.gallery.add(image.hashes)
        return judged

    @property
    def workshop(self) -> Workshop:
        """Makes and checks the images."""
        return self._workshop

    @property
    def max_tries(self) -> int:
        """Most attempts for one item."""
        return self._plan.spec.max_tries


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The `Checks` of one item."""

    run: DatasetRun
    item: Item

    @property
    def max_tries(self) -> int:
        return self.run.max_tries

    async def make(self, request: GenerationRequest) -> StoredImage:
        self.run.spend(first=request.seed == self.item.seed)
        return await self.run.workshop.make(request)

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        return await self.run.judged(self.item, image, request)

    async def discard(self, key: str) -> None:
        await self.run.workshop.discard(key)


def _first(errors: BaseExceptionGroup[InferloopError]) -> InferloopError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
