"""`python -m batch.synthesize --config FILE`: prompts in, a finished and checked dataset out.

On a laptop it starts a Ray of its own; as a Ray job it uses the cluster that it runs in. Submit
it again after whatever ended it: it makes exactly what is missing.

Exit codes: 0 every row is written or rejected; 1 rows failed, or some have not ended (submit
again); 2 the config, the input or the output is wrong and nothing was made.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

import ray
from ray.exceptions import RayError

from batch.config import JobConfig, load_config
from batch.planning.inputs import open_input
from batch.running import Job, JobSummary
from batch.settings import JobSettings
from batch.wiring import JobWiring
from engines.errors import Conflict, InferloopError, InvalidParameters, NotFound

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job from its file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m batch.synthesize", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="YAML file of the job")
    parser.add_argument("--output", help="output root in place of the file's")
    asked = parser.parse_args(arguments)
    try:
        config = load_config(asked.config)
        job = make_job(with_output(config, asked.output), JobSettings(), Path.cwd())
        connect()
        summary = job.run()
    except InferloopError as error:
        return stopped_by(error)
    except RayError as error:
        return lost_to(error)
    tell(summary, job)
    return summary.exit_code


def stopped_by(error: InferloopError) -> int:
    """Say why there is no summary; the exit code."""
    wrong = isinstance(error, InvalidParameters | Conflict | NotFound)
    hint = "" if wrong else " (submit the job again: what is finished stays finished)"
    print(f"error: {error.message}{hint}", file=sys.stderr, flush=True)
    return 2 if wrong else 1


def lost_to(error: RayError) -> int:
    """An engine that cannot start (a model that is not there), or a cluster that went away. The
    last line of Ray's message is the error of the remote process; the rest is in Ray's logs."""
    logger.debug("the pipeline broke", exc_info=error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    print(f"error: the pipeline broke: {lines[-1].strip()}", file=sys.stderr, flush=True)
    return 1


def make_job(config: JobConfig, settings: JobSettings, cwd: Path) -> Job:
    """Put the job together; nothing runs yet.

    Raises:
        InvalidParameters: paths that cannot be meant.
        NotFound: a profile that is not there, and without which the job could not end well.
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


def connect() -> None:
    """Join the cluster that this job runs in, or start a Ray of our own."""
    ray.init(address=ray_address(os.environ), log_to_driver=False, logging_level="warning")


def ray_address(environment: MutableMapping[str, str]) -> str:
    """The address that Ray gives to its jobs, or "local": never a neighbour's Ray that happens to
    run on this machine. Ours says its auth mode, else Ray decides by what ran here before."""
    address = environment.get("RAY_ADDRESS")
    if address is None:
        environment.setdefault("RAY_AUTH_MODE", "disabled")
    return address or "local"


def tell(summary: JobSummary, job: Job) -> None:
    """Say how it went."""
    print(summary.line(), flush=True)
    if summary.report is not None and isinstance(job.wiring, JobWiring):
        print(f"report: {job.wiring.output_root}/{summary.report}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
