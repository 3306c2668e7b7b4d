"""Events of a stream: previews during the denoising, and each image as soon as it is done."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

from engines.types import GenerationRequest, StepProgress, StoredImage
from serve_app.budgets.storage import expected_bytes
from serve_app.context import Context
from serve_app.flow.fan_out import fan_out
from serve_app.generation.job_log import JobEvent


@dataclass(frozen=True, slots=True)
class Partial:
    """A preview of one image. `index`: its number within the image, from 0. `jpeg`: a JPEG file."""

    index: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """An image has made its first step."""


@dataclass(frozen=True, slots=True)
class _Over:
    """The last entry of a queue of events."""


Event = Begun | Partial | StoredImage


class Previews:
    """Chooses at most `wanted` previews of one image, at equal distances over its steps.

    At each chosen step the newest preview is shown that was not shown before. If there is none,
    the next step with a preview takes its place, so an image with few steps may have fewer.
    """

    def __init__(self, wanted: int, total_steps: int) -> None:
        parts = wanted + 1
        self._places = [math.ceil(total_steps * part / parts) for part in range(1, parts)]
        self._held: bytes | None = None
        self._shown = 0

    def next(self, step: StepProgress) -> Partial | None:
        """The preview to show after this step, or None. Call it with every step in order."""
        self._held = step.preview_jpeg or self._held
        if self._shown == len(self._places) or step.step < self._places[self._shown]:
            return None
        if self._held is None:
            return None
        partial, self._held = Partial(self._shown, self._held), None
        self._shown += 1
        return partial


async def events_of(
    context: Context,
    generations: Sequence[GenerationRequest],
    in_flight: int,
    partial_images: int,
    heartbeat_s: float,
) -> AsyncGenerator[Event | None, None]:
    """The events of all images in the order in which they occur.

    Yields None after `heartbeat_s` seconds without an event. The first error ends the stream and
    is raised. Closing the generator stops all work.
    """
    news: asyncio.Queue[Event | _Over] = asyncio.Queue()

    async def make(generation: GenerationRequest) -> None:
        job_id = context.jobs.submit(generation, room.add)
        with context.jobs.lease(job_id):
            async for event in _shown(context.jobs.events(job_id), partial_images):
                news.put_nowait(event)
            news.put_nowait(await context.jobs.outcome(job_id))

    expected = expected_bytes(generations)
    with context.job_quota.hold(context.caller.key_hash, in_flight):
        async with context.storage_quota.room(context.caller, expected) as room:
            making = asyncio.create_task(fan_out(generations, make, in_flight))
            making.add_done_callback(lambda _: news.put_nowait(_Over()))
            try:
                async for event in _until_over(news, heartbeat_s):
                    yield event
                making.result()  # raises the error that ended it, if there was one
            finally:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)


async def _until_over(
    news: asyncio.Queue[Event | _Over], heartbeat_s: float
) -> AsyncGenerator[Event | None, None]:
    while True:
        try:
            async with asyncio.timeout(heartbeat_s):
                event = await news.get()
        except TimeoutError:
            yield None
            continue
        if isinstance(event, _Over):
            return
        yield event


async def _shown(
    events: AsyncIterator[JobEvent], partial_images: int
) -> AsyncGenerator[Event, None]:
    """The events of one image except the last one, the image itself."""
    previews: Previews | None = None
    async for logged in events:
        step = logged.event
        if not isinstance(step, StepProgress):
            return
        if previews is None:
            previews = Previews(partial_images, step.total_steps)
            yield Begun()
        partial = previews.next(step)
        if partial is not None:
            yield partial
