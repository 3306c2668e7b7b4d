"""OpenTelemetry traces, in addition to the spans of FastAPI and Ray Serve.

FastAPI continues the trace in the request's `traceparent` header (W3C), or starts a new one. Serve
passes it to every replica. This module adds the spans inside a diffusion replica, and configures
where all spans are sent. Without Serve's `tracing_config` nothing is recorded
(docs/howto/traces.md).
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
    """For `exporter_import_path` of Serve's `tracing_config`. Spans are sent in batches over HTTP
    to the collector in OpenTelemetry's `OTEL_EXPORTER_OTLP_*` variables.

    Raises:
        ModuleNotFoundError: the extra `tracing` is not installed.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return [without_queries(), BatchSpanProcessor(OTLPSpanExporter())]


def without_queries() -> SpanProcessor:
    """A processor that removes the URL's query from FastAPI's spans. A query may contain the
    caller's words (a search) or a secret (a ticket)."""
    from opentelemetry.sdk.trace import Span as RecordedSpan
    from opentelemetry.sdk.trace import SpanProcessor

    class WithoutQueries(SpanProcessor):
        def on_start(self, span: RecordedSpan, parent_context: Context | None = None) -> None:
            if QUERY in (span.attributes or {}):
                span.set_attribute(QUERY, "REDACTED")

    return WithoutQueries()


class EngineSpans:
    """The spans of an image inside its replica, below Serve's span of the call. They contain no
    prompt and no other text of the caller.

    For a call that is not recorded there is no span of Serve, and then none of these: each would
    begin a trace of its own.
    """

    def __init__(
        self, tracer: Tracer | None = None, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """`now_ns` returns nanoseconds since 1970, UTC."""
        self._tracer = tracer or trace.get_tracer(SCOPE)
        self._now_ns = now_ns

    def made(self, request: GenerationRequest, image: GeneratedImage) -> None:
        """Add spans for queue, steps and decoding of an image that the engine has just finished.
        They are computed from the times in the image."""
        if not _is_recorded():
            return
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
        """A span for storing the image with its recipe and its mark."""
        if not _is_recorded():
            yield trace.INVALID_SPAN
            return
        about = {"inferloop.image_id": request.image_id}
        with self._tracer.start_as_current_span("storage.record", attributes=about) as span:
            yield span

    def failed(self, error: InferloopError) -> None:
        """Mark the current span as failed. It gets the error's code, but not its message."""
        span = trace.get_current_span()
        span.set_attribute("error.type", error.code)
        span.set_status(Status(StatusCode.ERROR, error.code))


def _is_recorded() -> bool:
    """Whether the present call has a span that is recorded."""
    return trace.get_current_span().get_span_context().trace_flags.sampled


def _about(request: GenerationRequest, image: GeneratedImage) -> dict[str, str | int | float]:
    return {
        "inferloop.image_id": request.image_id,
        "inferloop.model": image.served_model,
        "inferloop.num_inference_steps": request.num_inference_steps,
        "inferloop.width_px": request.width,
        "inferloop.height_px": request.height,
    }
