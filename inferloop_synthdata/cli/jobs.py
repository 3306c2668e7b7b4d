"""`inferloop jobs` and `job`."""

from __future__ import annotations

from argparse import Namespace

from inferloop_synthdata.answers import Job
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.jobs import result_of


def jobs(session: Session, arguments: Namespace) -> int:
    """The jobs, the newest first."""
    with session.client() as client:
        page = client.jobs.list(
            state=arguments.state,
            kind=arguments.kind,
            dataset=arguments.dataset,
            since=arguments.since,
            limit=arguments.limit,
        )
    rows = [
        (job["id"], job["kind"], job["state"], _progress(job), job["created_at"])
        for job in page["jobs"]
    ]
    session.console.answer(page, table(("ID", "KIND", "STATE", "DONE", "CREATED"), rows))
    return 0


def show(session: Session, arguments: Namespace) -> int:
    """One job as it stands."""
    with session.client() as client:
        job = client.jobs.get(arguments.job_id)
    session.console.answer(job, fields(job))
    return 0


def cancel(session: Session, arguments: Namespace) -> int:
    """Cancel a job; its state afterwards."""
    with session.client() as client:
        job = client.jobs.cancel(arguments.job_id)
    session.console.answer(job, fields(job))
    return 0


def wait(session: Session, arguments: Namespace) -> int:
    """Wait for a job with a live bar; its result, or its error and exit code 1."""
    with session.client() as client, session.console.bar("waiting") as bar:
        job = client.jobs.wait(arguments.job_id, on_progress=bar.show)
    result = result_of(job)
    session.console.answer(result, fields(result))
    return 0


def _progress(job: Job) -> str:
    progress = job.get("progress")
    return f"{progress['done']}/{progress['total']}" if progress else "-"
