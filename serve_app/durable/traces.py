"""Traces of jobs. Each run of a job is a trace of its own, which can be found by the id of the job.

This uses only the API package of OpenTelemetry, which costs nothing if no traces are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from engines.jobs.model import Job

JOB_ID = "inferloop.job_id"


def note_job(job_id: str) -> None:
    """Add the id of the job to the span of the request that created it."""
    trace.get_current_span().set_attribute(JOB_ID, job_id)


@contextmanager
def run_span(job: Job, tracer: Tracer | None = None) -> Iterator[None]:
    """The span of one run of a job. Calls of deployments during the run are below it."""
    about: dict[str, str | int] = {JOB_ID: job.id, "inferloop.job_tries": job.tries}
    with (tracer or trace.get_tracer("inferloop.jobs")).start_as_current_span(
        f"job {job.kind}", context=Context(), attributes=about
    ):
        yield
