"""What a trace says of jobs: a job's run is a trace of its own, found by the job's id.

OpenTelemetry's interface alone: where nobody records spans, nothing of this costs anything.
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
    """The request under way became this job."""
    trace.get_current_span().set_attribute(JOB_ID, job_id)


@contextmanager
def run_span(job: Job, tracer: Tracer | None = None) -> Iterator[None]:
    """One run of the job, and below it whatever the run asks of the deployments."""
    about: dict[str, str | int] = {JOB_ID: job.id, "inferloop.job_tries": job.tries}
    with (tracer or trace.get_tracer("inferloop.jobs")).start_as_current_span(
        f"job {job.kind}", context=Context(), attributes=about
    ):
        yield
