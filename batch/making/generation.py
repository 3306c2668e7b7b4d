"""Awaiting images of an engine that answers on a thread of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from engines.errors import InferloopError, Overloaded
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage, GenerationRequest, StepProgress

_OVERLOAD_S = 0.05


@dataclass(frozen=True, slots=True)
class FutureListener:
    """Carries the end of one generation from the engine's thread into an event loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[GeneratedImage]

    def progress(self, event: StepProgress) -> None:
        """Ignored: nobody follows the steps of a batch job."""

    def finished(self, image: GeneratedImage) -> None:
        self.loop.call_soon_threadsafe(self._settle, image)

    def failed(self, error: InferloopError) -> None:
        self.loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, end: GeneratedImage | InferloopError) -> None:
        if self.future.done():  # nobody waits any more
            return
        if isinstance(end, GeneratedImage):
            self.future.set_result(end)
        else:
            self.future.set_exception(end)


async def generate(engine: DiffusionEngine, request: GenerationRequest) -> GeneratedImage:
    """Submit and await; waits while the engine's queue is full. Cancelling it stops the work.

    Raises:
        InferloopError: what the engine refuses at once, or fails with.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[GeneratedImage] = loop.create_future()
    while True:
        try:
            engine.submit(request, FutureListener(loop, future))
            break
        except Overloaded:
            await asyncio.sleep(_OVERLOAD_S)
    try:
        return await future
    except asyncio.CancelledError:
        engine.cancel(request.image_id)
        raise
