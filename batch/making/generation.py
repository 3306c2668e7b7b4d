"""Await images of an engine, which reports on its own thread."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from engines.errors import InferloopError, Overloaded
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage, GenerationRequest, StepProgress

_OVERLOAD_S = 0.05


@dataclass(frozen=True, slots=True)
class FutureListener:
    """Passes the result of one request from the engine's thread to a future in an event loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[GeneratedImage]

    def progress(self, event: StepProgress) -> None:
        """Ignored: batch jobs do not report steps."""

    def finished(self, image: GeneratedImage) -> None:
        self.loop.call_soon_threadsafe(self._settle, image)

    def failed(self, error: InferloopError) -> None:
        self.loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, end: GeneratedImage | InferloopError) -> None:
        if self.future.done():  # was canceled
            return
        if isinstance(end, GeneratedImage):
            self.future.set_result(end)
        else:
            self.future.set_exception(end)


async def generate(engine: DiffusionEngine, request: GenerationRequest) -> GeneratedImage:
    """Submit a request and await its image. Waits while the engine's queue is full. If this is
    canceled, so is the request.

    Raises:
        InferloopError: the engine refused the request, or it failed.
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
        engine.cancel(request.place)
        raise
