"""`inferloop jobs` and `job`."""

from __future__ import annotations

from argparse import Namespace

from inferloop_synthdata.answers import Job, JobLogLine
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.grammar import AddCommand, add_group
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.jobs import result_of

LOG_PAGE = 1000
STATES = ("queued", "running", "succeeded", "failed", "canceled")


def add_commands(add: AddCommand) -> None:
    """The group, and the shorthand."""
    group = add_group(add, "job", "list, show, wait for, cancel jobs, and read their logs")
    words = "list the jobs, the newest first"
    for every in (group("list", jobs, words), add("jobs", jobs, words)):
        every.add_argument("--state", choices=STATES)
        every.add_argument(
            "--kind", metavar="KIND", help="generate, generate.batch, export.jsonl, ..."
        )
        every.add_argument("--dataset", metavar="NAME")
        every.add_argument("--since", metavar="ISO_TIME")
        every.add_argument("--limit", type=v.positive, metavar="N")
    for name, run, summary in (
        ("show", show, "show a job as it stands"),
        ("log", log, "what happened to a job, line by line"),
        ("wait", wait, "wait for a job, and print its result"),
        ("cancel", cancel, "cancel a job"),
    ):
        group(name, run, summary).add_argument("job_id", metavar="JOB_ID")


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


def log(session: Session, arguments: Namespace) -> int:
    """All lines of a job's log, the first ones first."""
    lines: list[JobLogLine] = []
    with session.client() as client:
        page = client.jobs.log(arguments.job_id, limit=LOG_PAGE)
        lines += page.lines
        while page.next_cursor is not None:
            page = client.jobs.log(arguments.job_id, limit=LOG_PAGE, cursor=page.next_cursor)
            lines += page.lines
    text = [f"{each.at}  {each.event:<8}  {each.message}" for each in lines]
    session.console.answer({"lines": lines}, text)
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
