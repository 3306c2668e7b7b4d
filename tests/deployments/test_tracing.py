"""Spans of an image inside its replica, kept in memory, and where they are sent otherwise."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from deployments.observing.tracing import EngineSpans, otlp, without_queries
from deployments.replicas.diffusion import DiffusionReplica
from engines.errors import GenerationFailed
from engines.types import GeneratedImage, StepProgress, Timing
from tests.deployments.replicas.test_diffusion_replica import (
    ScriptedEngine,
    ScriptedWiring,
    request,
)

NOW_NS = 1_000_000_000_000
TIMING = Timing(queued_s=1.0, denoising_s=4.0, waiting_s=0.5, decoding_s=0.25)


class Recorded:
    """A tracer whose spans stay here."""

    def __init__(self) -> None:
        self._kept, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = provider.get_tracer("tests")

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._kept.get_finished_spans()}


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def image() -> GeneratedImage:
    pixels = np.zeros((8, 8, 3), np.uint8)
    return GeneratedImage(pixels, "mini", None, "DDIMScheduler", {}, timing=TIMING)


async def made(recorded: Recorded, engine: ScriptedEngine) -> None:
    spans = EngineSpans(recorded.tracer, lambda: NOW_NS)
    replica = DiffusionReplica(ScriptedWiring(engine), spans)
    async for _ in replica.generate(request()):
        pass


async def test_an_image_is_a_span_for_each_part_of_its_way(recorded: Recorded) -> None:
    with recorded.tracer.start_as_current_span("call") as call:
        await made(recorded, ScriptedEngine([StepProgress(1, 2), StepProgress(2, 2), image()]))
    spans = recorded.spans()
    parts = ["engine.queue", "engine.steps", "engine.decode_wait", "engine.decode"]
    assert [*spans] == [*parts, "storage.record", "call"]
    lasted = [(spans[name].end_time or 0) - (spans[name].start_time or 0) for name in parts]
    assert lasted == [1_000_000_000, 4_000_000_000, 500_000_000, 250_000_000]
    # One after the other, up to the moment at which the image came.
    for before, after in pairwise(parts):
        assert spans[before].end_time == spans[after].start_time
    assert spans["engine.decode"].end_time == NOW_NS
    # All of them in the trace of the call.
    for name in (*parts, "storage.record"):
        parent = spans[name].parent
        assert parent is not None
        assert parent.span_id == call.get_span_context().span_id


async def test_a_span_names_the_image_and_its_model_but_no_prompt(recorded: Recorded) -> None:
    with recorded.tracer.start_as_current_span("call"):
        await made(recorded, ScriptedEngine([image()]))
    about = dict(recorded.spans()["engine.steps"].attributes or {})
    assert about == {
        "inferloop.image_id": "image_1",
        "inferloop.model": "mini",
        "inferloop.num_inference_steps": 2,
        "inferloop.width_px": 64,
        "inferloop.height_px": 64,
    }
    for span in recorded.spans().values():
        assert "a fox" not in span.to_json()


async def test_an_image_of_a_call_that_is_not_recorded_begins_no_trace(recorded: Recorded) -> None:
    await made(recorded, ScriptedEngine([image()]))
    assert recorded.spans() == {}


async def test_a_failure_is_on_the_span_of_the_call_by_its_code(recorded: Recorded) -> None:
    with pytest.raises(GenerationFailed), recorded.tracer.start_as_current_span("call"):
        await made(recorded, ScriptedEngine([GenerationFailed("NaN for a secret prompt")]))
    call = recorded.spans()["call"]
    assert (call.attributes or {})["error.type"] == "INTERNAL_ERROR"
    assert call.status.status_code is StatusCode.ERROR


async def test_without_tracing_an_image_is_made_all_the_same() -> None:
    replica = DiffusionReplica(ScriptedWiring(ScriptedEngine([image()])))
    assert len([event async for event in replica.generate(request())]) == 1


def test_no_words_of_a_search_leave_the_service() -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(without_queries())
    provider.add_span_processor(SimpleSpanProcessor(kept))
    about = {"url.path": "/api/v1/datasets/d/images", "url.query": "prompt=a+secret"}
    provider.get_tracer("tests").start_span("GET", attributes=about).end()
    [span] = kept.get_finished_spans()
    assert "secret" not in span.to_json()
    assert (span.attributes or {})["url.path"] == "/api/v1/datasets/d/images"


def test_spans_are_sent_in_batches() -> None:
    _, processor = otlp()
    assert isinstance(processor, BatchSpanProcessor)
    processor.shutdown()  # type: ignore[no-untyped-call]
