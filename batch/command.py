"""The command `python -m batch.synthesize`: arguments, messages and exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ray
from ray.exceptions import RayError

from batch.config import JobConfig, load_config
from batch.declared.running import prepared, run_on_ray
from batch.planning.inputs import open_input
from batch.running import Job, JobSummary
from batch.settings import JobSettings
from batch.wiring import JobWiring
from engines.errors import Conflict, InferloopError, InvalidParameters, NotFound
from local_ray.running import local_ray, private_ray_folder

logger = logging.getLogger(__name__)


def run(arguments: Sequence[str] | None, help_text: str | None) -> int:
    """Run a job from its file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m batch.synthesize", description=help_text)
    parser.add_argument("--config", type=Path, help="YAML file of the job")
    parser.add_argument("--spec", type=Path, help="declaration of a dataset (docs/datasets.md)")
    parser.add_argument(
        "--output", help="output root, in place of the config's; with --spec: data root"
    )
    asked = parser.parse_args(arguments)
    if asked.spec is not None:
        return make_declared(asked.spec, asked.config, asked.output)
    if asked.config is None:
        parser.error("one of --config and --spec is needed")
    try:
        config = load_config(asked.config)
        job = make_job(with_output(config, asked.output), JobSettings(), Path.cwd())
        with connected(os.environ.get("RAY_ADDRESS")):
            summary = job.run()
    except InferloopError as error:
        return stopped_by(error)
    except RayError as error:
        return lost_to(error)
    tell(summary, job)
    return summary.exit_code


def make_declared(spec: Path, config: Path | None, root: str | None) -> int:
    """Make a declared dataset. Returns the exit code: 0 complete, 1 images are missing or the run
    was interrupted, 2 the declaration or the config is wrong."""
    try:
        plan, made_with, wiring = prepared(spec, config, root, Path.cwd())
        with connected(os.environ.get("RAY_ADDRESS")):
            return run_on_ray(plan, made_with, wiring)
    except InferloopError as error:
        return stopped_by(error)
    except RayError as error:
        return lost_to(error)


def stopped_by(error: InferloopError) -> int:
    """Print the error that ended the job; returns the exit code."""
    wrong = isinstance(error, InvalidParameters | Conflict | NotFound)
    hint = "" if wrong else " (submit the job again: what is finished stays finished)"
    print(f"error: {error.message}{hint}", file=sys.stderr, flush=True)
    return 2 if wrong else 1


def lost_to(error: RayError) -> int:
    """Print an error of Ray, such as an engine that cannot start or a lost cluster; returns the
    exit code. Prints the last line of Ray's message, which is the remote error."""
    logger.debug("the pipeline broke", exc_info=error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    print(f"error: the pipeline broke: {lines[-1].strip()}", file=sys.stderr, flush=True)
    return 1


def make_job(config: JobConfig, settings: JobSettings, cwd: Path) -> Job:
    """Open the input and the output of a job, without running it.

    Raises:
        InvalidParameters: the job may not read or write a path of the config.
        NotFound: the config names a profile that does not exist.
    """
    root = settings.absolute(config.output.root, cwd)
    wiring = JobWiring(
        config=config,
        output_root=root,
        data_root=settings.absolute_data_root(cwd) or root,
        models_root=str(settings.absolute_models_root(cwd)),
        s3_endpoint_url=settings.s3_endpoint_url,
    )
    for name in {config.compare_profile, config.defaults.profile} - {None}:
        wiring.profiles().get(str(name))
    return Job(config, wiring, open_input(config.input, cwd, settings.s3_endpoint_url), sys.stdout)


def with_output(config: JobConfig, root: str | None) -> JobConfig:
    """The config with another output root, if one is given."""
    if root is None:
        return config
    output = config.output.model_copy(update={"root": root})
    return config.model_copy(update={"output": output})


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connect to the Ray cluster at the address, which Ray sets for jobs; without an address, start
    a new local Ray, and never use another one that runs on this machine."""
    if address is not None:
        ray.init(address=address, log_to_driver=False, logging_level="warning")
        yield
        return
    with private_ray_folder() as folder, local_ray(folder):
        yield


def tell(summary: JobSummary, job: Job) -> None:
    """Print the result of the job."""
    print(summary.line(), flush=True)
    if summary.report is not None and isinstance(job.wiring, JobWiring):
        print(f"report: {job.wiring.output_root}/{summary.report}", flush=True)
