"""One pool of diffusion replicas: the step-batching engine behind a streaming call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from deployments.observing.metrics import EngineMetrics
from deployments.observing.refusals import leave_out_refusals
from deployments.observing.tracing import EngineSpans
from deployments.wiring.diffusion import EngineWiring, Recorder
from engines.errors import InferloopError
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage, GenerationEvent, GenerationRequest, StepProgress


@dataclass(frozen=True, slots=True)
class QueueListener:
    """Passes events from the engine's thread to the event loop of the replica."""

    loop: asyncio.AbstractEventLoop
    inbox: asyncio.Queue[StepProgress | GeneratedImage | InferloopError]
    with_progress: bool = True

    def progress(self, event: StepProgress) -> None:
        if self.with_progress:
            self.loop.call_soon_threadsafe(self.inbox.put_nowait, event)

    def finished(self, image: GeneratedImage) -> None:
        self.loop.call_soon_threadsafe(self.inbox.put_nowait, image)

    def failed(self, error: InferloopError) -> None:
        self.loop.call_soon_threadsafe(self.inbox.put_nowait, error)


class DiffusionReplica:
    """One replica of a pool: it calls the engine and stores the images."""

    def __init__(self, wiring: EngineWiring, spans: EngineSpans | None = None) -> None:
        leave_out_refusals()
        self._engine: DiffusionEngine = wiring.engine()
        self._recorder: Recorder = wiring.recorder()
        self._engine.start()
        self._metrics = EngineMetrics(self._engine, wiring.pool_name)
        self._spans = spans or EngineSpans()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Progress of every step, if the request wants it, then the stored image. Closing the
        stream stops the work. A repeated run that finds its image answers it at once."""
        if request.repeated:
            found = await asyncio.to_thread(self._recorder.stored, request)
            if found is not None:
                yield found
                return
        inbox: asyncio.Queue[StepProgress | GeneratedImage | InferloopError] = asyncio.Queue()
        listener = QueueListener(asyncio.get_running_loop(), inbox, request.progress)
        self._engine.submit(request, listener)
        try:
            while isinstance(event := await inbox.get(), StepProgress):
                yield event
            if isinstance(event, InferloopError):
                self._spans.failed(event)
                raise event
            self._metrics.image_made(event)
            self._spans.made(request, event)
            with self._spans.storing(request):
                stored = await asyncio.to_thread(self._recorder.record, request, event)
            yield stored
        finally:
            self._engine.cancel(request.place)

    async def ready(self) -> bool:
        """True once constructed: models are loaded and warm by then."""
        return True

    async def loaded_models(self) -> dict[str, int]:
        """The models in memory now: id to bytes of weights and buffers."""
        return dict(self._engine.stats().loaded_bytes)

    def check_health(self) -> None:
        self._engine.check_health()
        self._metrics.publish()

    def __del__(self) -> None:
        if hasattr(self, "_engine"):
            self._engine.shutdown()
