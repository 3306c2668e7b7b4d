"""`inferloop jobs` and `job`: list, show, wait for and cancel jobs, and read their logs."""

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
    """Add the commands of the group `job`, and `jobs`."""
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
        ("show", show, "show the state of a job"),
        ("log", log, "show the log of a job"),
        ("wait", wait, "wait for a job, and print its result"),
        ("cancel", cancel, "cancel a job"),
    ):
        group(name, run, summary).add_argument("job_id", metavar="JOB_ID")


def jobs(session: Session, arguments: Namespace) -> int:
    """List the jobs, the newest first."""
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
    """Show the state of one job."""
    with session.client() as client:
        job = client.jobs.get(arguments.job_id)
    session.console.answer(job, fields(job))
    return 0


def log(session: Session, arguments: Namespace) -> int:
    """Print all lines of a job's log, the oldest first."""
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
    """Cancel a job, and print its state afterwards."""
    with session.client() as client:
        job = client.jobs.cancel(arguments.job_id)
    session.console.answer(job, fields(job))
    return 0


def wait(session: Session, arguments: Namespace) -> int:
    """Wait for a job with a progress bar, and print its result. If the job failed, its error is
    printed and the exit code is 1."""
    with session.client() as client, session.console.bar("waiting") as bar:
        job = client.jobs.wait(arguments.job_id, on_progress=bar.show)
    result = result_of(job)
    session.console.answer(result, fields(result))
    return 0


def _progress(job: Job) -> str:
    progress = job.get("progress")
    return f"{progress['done']}/{progress['total']}" if progress else "-"
