"""Traces by OpenTelemetry, beside the spans that FastAPI and Ray Serve make by themselves.

FastAPI goes on with the trace of the request's `traceparent` (W3C), or a new one begins; Serve
hands it through handles to every replica. Here are the spans inside a diffusion replica, and where
all of them are sent. Without Serve's `tracing_config` nothing is recorded (docs/howto/traces.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode, Tracer

from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor

SCOPE = "inferloop.engine"
NS = 1_000_000_000
QUERY = "url.query"


def otlp() -> list[SpanProcessor]:
    """`exporter_import_path` of Serve's `tracing_config`: spans go in batches to the collector that
    OpenTelemetry's own `OTEL_EXPORTER_OTLP_*` variables name, over HTTP.

    Raises:
        ModuleNotFoundError: without the extra `tracing`.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return [without_queries(), BatchSpanProcessor(OTLPSpanExporter())]


def without_queries() -> SpanProcessor:
    """Takes the query out of FastAPI's spans as they begin: a search has words of the caller's in
    it, and a link may have a ticket."""
    from opentelemetry.sdk.trace import Span as RecordedSpan
    from opentelemetry.sdk.trace import SpanProcessor

    class WithoutQueries(SpanProcessor):
        def on_start(self, span: RecordedSpan, parent_context: Context | None = None) -> None:
            if QUERY in (span.attributes or {}):
                span.set_attribute(QUERY, "REDACTED")

    return WithoutQueries()


class EngineSpans:
    """The spans of one image inside its replica, below the one that Serve made of the call. No
    prompt is in them, nor any other text of the caller's."""

    def __init__(
        self, tracer: Tracer | None = None, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """`now_ns`: nanoseconds since 1970."""
        self._tracer = tracer or trace.get_tracer(SCOPE)
        self._now_ns = now_ns

    def made(self, request: GenerationRequest, image: GeneratedImage) -> None:
        """Queue, steps and decoding of an image that has just come out of the engine. Drawn
        afterwards, from the times that the image brings."""
        timing = image.timing
        parts = (
            ("engine.queue", timing.queued_s),
            ("engine.steps", timing.denoising_s),
            ("engine.decode_wait", timing.waiting_s),
            ("engine.decode", timing.decoding_s),
        )
        began_ns = self._now_ns() - sum(round(seconds * NS) for _, seconds in parts)
        about = _about(request, image)
        for name, seconds in parts:
            ended_ns = began_ns + round(seconds * NS)
            span = self._tracer.start_span(name, attributes=about, start_time=began_ns)
            span.end(end_time=ended_ns)
            began_ns = ended_ns

    @contextmanager
    def storing(self, request: GenerationRequest) -> Iterator[Span]:
        """The writing of the image with its recipe and its mark."""
        about = {"inferloop.image_id": request.image_id}
        with self._tracer.start_as_current_span("storage.record", attributes=about) as span:
            yield span

    def failed(self, error: InferloopError) -> None:
        """The call that is under way ends with the error: its code, without its words."""
        span = trace.get_current_span()
        span.set_attribute("error.type", error.code)
        span.set_status(Status(StatusCode.ERROR, error.code))


def _about(request: GenerationRequest, image: GeneratedImage) -> dict[str, str | int | float]:
    return {
        "inferloop.image_id": request.image_id,
        "inferloop.model": image.served_model,
        "inferloop.num_inference_steps": request.num_inference_steps,
        "inferloop.width_px": request.width,
        "inferloop.height_px": request.height,
    }
