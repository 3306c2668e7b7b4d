"""`inferloop synthesize`: a large batch as a Ray job."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from inferloop_synthdata.cli.grammar import AddCommand
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.ray_jobs.client import DEFAULT_ADDRESS, RayJobs
from inferloop_synthdata.ray_jobs.package import package_folder
from inferloop_synthdata.ray_jobs.ray_token import ray_token


def add_commands(add: AddCommand) -> None:
    """Add the command with its options."""
    command = add("synthesize", synthesize, "run a large batch as a Ray job")
    command.add_argument("--config", required=True, metavar="FILE", help="path of the job's config")
    command.add_argument(
        "--ray-address", metavar="URL", help=f"default: RAY_API_SERVER_ADDRESS or {DEFAULT_ADDRESS}"
    )
    command.add_argument(
        "--working-dir",
        metavar="DIR",
        help="repository to upload, or its URI; default: use the code in the cluster's image",
    )
    command.add_argument("--submission-id", metavar="ID")
    command.add_argument(
        "--no-wait", action="store_true", help="print the job's id and do not wait"
    )


def synthesize(session: Session, arguments: Namespace) -> int:
    """Submit `python -m batch.synthesize --config FILE`, and print its log until it ends."""
    surroundings = session.surroundings
    address = (
        arguments.ray_address
        or surroundings.environ.get("RAY_API_SERVER_ADDRESS")
        or DEFAULT_ADDRESS
    )
    token = ray_token(surroundings.environ, address)
    with RayJobs(address, token, surroundings.transport, surroundings.sleep) as jobs:
        config, working_dir = _prepared(jobs, arguments.config, arguments.working_dir)
        entrypoint = shlex.join(["python", "-m", "batch.synthesize", "--config", config])
        submission_id = jobs.submit(entrypoint, working_dir, arguments.submission_id)
        session.console.note(f"submitted {submission_id} to {address}")
        if arguments.no_wait:
            session.console.answer({"submission_id": submission_id}, [submission_id])
            return 0
        return _follow(session, jobs, submission_id)


def _prepared(jobs: RayJobs, config: str, working_dir: str | None) -> tuple[str, str | None]:
    """The config's path for the job, and the URI of the job's working directory.

    The URI is None if the cluster's image contains the service and the config.
    """
    if working_dir is None or "://" in working_dir:
        return config, working_dir
    folder = Path(working_dir).resolve()
    if not (folder / "batch" / "synthesize.py").is_file():
        raise UsageProblem(f"{working_dir} has no batch/synthesize.py: is it the repository?")
    file = (folder / config).resolve()
    if not file.is_file() or not file.is_relative_to(folder):
        raise UsageProblem(f"{config} is not in {working_dir}, the only folder that the job gets")
    return file.relative_to(folder).as_posix(), jobs.upload(package_folder(folder))


def _follow(session: Session, jobs: RayJobs, submission_id: str) -> int:
    following = jobs.follow(submission_id)
    while True:
        try:
            session.console.log(next(following))
        except KeyboardInterrupt:
            session.console.note(f"the job continues; end it with: ray job stop {submission_id}")
            raise
        except StopIteration as end:
            status, message = end.value
            break
    if status == "SUCCEEDED":
        session.console.note(f"{submission_id} succeeded")
        return 0
    session.console.error(f"{submission_id} {status.lower()}: {message}")
    return 1
