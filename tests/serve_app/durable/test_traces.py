"""A job in the traces: the request that submitted it and its run are found by its id."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engines.jobs.model import Job, Owner
from serve_app.durable.traces import JOB_ID, note_job, run_span

JOB = Job(
    id="job_1",
    seq=1,
    owner=Owner("hash", "name"),
    kind="generate.batch",
    priority="normal",
    cost=1,
    dataset=None,
    detached=True,
    state="running",
    tries=2,
    cancel_requested=False,
    created_at=0.0,
    started_at=None,
    ended_at=None,
    expires_at=None,
    leased=True,
)


def test_a_run_is_a_trace_of_its_own_that_the_jobs_id_finds() -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("POST /generate/batch") as request:
        note_job(JOB.id)
        with run_span(JOB, tracer), tracer.start_as_current_span("call of a replica"):
            pass
    call, run, submitted = kept.get_finished_spans()
    assert (submitted.attributes or {})[JOB_ID] == "job_1"
    assert run.name == "job generate.batch"
    assert run.attributes == {JOB_ID: "job_1", "inferloop.job_tries": 2}
    assert run.parent is None
    assert call.context.trace_id == run.context.trace_id
    assert run.context.trace_id != request.get_span_context().trace_id
