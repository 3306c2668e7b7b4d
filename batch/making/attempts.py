"""Make the image of a row: generate, check, and repeat with another seed if it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from batch.config import JobConfig
from batch.making.generation import generate
from batch.output.outcomes import Judgment, MadeImage, Outcome, Reason, Status
from batch.output.row_records import record_of_row
from batch.planning.rows import PlannedRow, make_request
from engines.datasets.marking import ImageMarks, NoMarks
from engines.datasets.recipes.png import encode_with_recipe, pixel_sha256
from engines.datasets.recipes.recipe import Recipe, make_recipe
from engines.errors import Canceled, InferloopError, InvalidParameters, NotFound, ReplicaLost

if TYPE_CHECKING:
    from engines.profiles.matching import MatchColors
    from engines.protocols import DiffusionEngine
    from engines.types import GeneratedImage, GenerationRequest

logger = logging.getLogger(__name__)

Check = Callable[[bytes, str], Awaitable[Judgment]]
"""Checks a PNG, named by its row id; raises `CheckFailed` if that is impossible."""

Tell = Callable[[str], None]
"""Called with each event to count: "image", "written", "rejected", "failed". Must not block."""


class CheckFailed(InferloopError):
    """The image could not be checked, because its checker failed or died every time."""


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the rows of all open shards.

    `slots` limits the rows in the engine. `room` limits the rows in the engine and those being
    encoded and checked together, and so the memory. With both, a new row enters the engine as soon
    as another leaves it, while older images are still being checked.
    """

    engine: DiffusionEngine
    check: Check
    match: MatchColors
    config: JobConfig
    versions: Mapping[str, str]
    created_at: datetime
    slots: asyncio.Semaphore
    room: asyncio.Semaphore
    tell: Tell
    marks: ImageMarks = field(default_factory=NoMarks)

    async def make_all(self, rows: Sequence[PlannedRow]) -> tuple[Outcome, ...]:
        """The outcomes of `rows`, in order. If one raises, the others are stopped, and then the
        error is raised."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._in_turn(row)) for row in rows]
        return tuple(task.result() for task in tasks)

    async def make(self, row: PlannedRow) -> Outcome:
        """Make up to `tries.images` images, until one passes. Errors of the row are in its outcome.

        Raises:
            Canceled, ReplicaLost: the engine has ended; not because of this row.
        """
        if row.fault is not None:
            return _end(row, "rejected", 0, (Reason("invalid_row", row.fault),))
        last: Outcome | None = None
        for attempt in range(self.config.tries.images):
            try:
                image = await self._attempt(row, attempt)
            except (Canceled, ReplicaLost):
                raise
            except CheckFailed as error:  # further images would kill as many processes
                return _end(row, "failed", attempt + 1, (Reason("no_verdict", error.message),))
            except (InvalidParameters, NotFound) as error:
                return _end(row, "rejected", attempt, (Reason("invalid_row", error.message),))
            except InferloopError as error:
                reason = Reason(f"error_{error.code.lower()}", error.message)
                last = last or _end(row, "failed", attempt + 1, (reason,))
                continue
            if image.judgment.passed:
                return replace(_end(row, "written", attempt + 1), image=image)
            ended = _end(row, "rejected", attempt + 1, image.judgment.reasons)
            last = replace(ended, image=image)
        assert last is not None  # tries.images >= 1
        return replace(last, attempts=self.config.tries.images)

    async def _in_turn(self, row: PlannedRow) -> Outcome:
        async with self.room:
            try:
                outcome = await self.make(row)
            except (Canceled, ReplicaLost):
                raise
            except Exception as error:
                logger.exception("row failed", extra={"row_id": row.row_id})
                outcome = _end(row, "failed", 1, (Reason("error_internal", type(error).__name__),))
        self.tell(outcome.status)
        return outcome

    async def _attempt(self, row: PlannedRow, attempt: int) -> MadeImage:
        request = make_request(row, self.config, attempt)
        async with self.slots:
            image = await generate(self.engine, request)
        self.tell("image")
        png, recipe = await asyncio.to_thread(self._encode, request, image)
        judgment = await self.check(png, row.row_id)
        record = record_of_row(row, attempt, png, recipe, judgment.reports)
        return MadeImage(png, record, judgment, image.engine_s)

    def _encode(self, request: GenerationRequest, image: GeneratedImage) -> tuple[bytes, Recipe]:
        """The PNG with its recipe and mark inside. The recipe has the plan's time, not the present,
        so that the same row gives the same file, except for its mark."""
        timeless = replace(self.match(request, image), engine_s=0.0)
        digest = pixel_sha256(timeless.pixels)
        recipe = make_recipe(request, timeless, digest, self.versions, self.created_at)
        png = encode_with_recipe(timeless.pixels, recipe)
        return self.marks.created(request.image_id, png, recipe), recipe


def _end(
    row: PlannedRow,
    status: Status,
    attempts: int,
    reasons: tuple[Reason, ...] = (),
) -> Outcome:
    return Outcome(row.row_id, row.index, status, attempts, reasons, None, row.parameters)
