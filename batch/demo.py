"""`make job-demo`: submit a job of 200 prompts, kill Ray in the middle, submit the job again, and
compare the output with the input row by row."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from batch.output.layout import MANIFEST
from batch.output.records import finished_shards, read_record
from batch.planning.plan import Plan, read_rows
from engines.errors import NotFound
from engines.storage.folder.storage import FolderStorage
from local_ray.child import REPOSITORY, ChildRay
from local_ray.job_command import JobCommand

ROWS = 200
SHARD_ROWS = 20
KILL_AFTER_SHARDS = 3
PLACES = ("mountains", "a beach", "a desert", "a city", "a forest", "a lake", "a meadow", "the sea")
TIMES = ("day", "sunset", "night", "sunrise")
_TIMEOUT_S = 1800.0
_CHATTER = re.compile(
    r"\d{4}-\d\d-\d\d .*(cli|job_manager)\.py|Running entrypoint for job|"
    # Ray logs an error line for every actor pool of Ray Data.
    r"\[\d{4}-\d\d-\d\d \S+ E .*constructor arguments in the object store"
)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo. Returns 0 if the job was killed and resumed, and its output is correct."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for the dataset, kept afterwards")
    keep = parser.parse_args(arguments).keep
    if keep is not None and (keep / MANIFEST).exists():
        parser.error(f"{keep} has a finished job, so there is nothing to kill")
    with tempfile.TemporaryDirectory(prefix="job-demo-") as scratch:
        root = (keep or Path(scratch) / "dataset").absolute()
        code = run(write_job(Path(scratch), root), FolderStorage(root))
    print(
        f"The dataset is in {keep}" if keep else "Run it with --keep FOLDER to look at the dataset"
    )
    return code


def run(config: Path, storage: FolderStorage) -> int:
    """Submit the job, kill Ray, submit again, compare; returns the exit code."""
    print(
        f"1. {ROWS} prompts, shards of {SHARD_ROWS}; starting a Ray and submitting the job",
        flush=True,
    )
    with ChildRay(environment=environment()) as cluster:
        following = submit(cluster, config)
        done = wait_for_shards(storage, following)
        cluster.kill()
        following.wait()
    print(f"2. killed all of Ray with SIGKILL; finished by then: {len(done)} shards", flush=True)
    before = {shard: storage.stat(f"_state/shards/{shard:06d}.json").etag for shard in done}
    print("3. another Ray, the same job submitted again", flush=True)
    with ChildRay(environment=environment()) as cluster:
        again = submit(cluster, config)
        again.wait(_TIMEOUT_S)
    try:
        storage.stat(MANIFEST)
    except NotFound:
        raise SystemExit(f"the job left no dataset; it said:\n{again.said()}") from None
    untouched = all(
        storage.stat(f"_state/shards/{shard:06d}.json").etag == etag
        for shard, etag in before.items()
    )
    return compare(storage, untouched)


def write_job(folder: Path, root: Path) -> Path:
    """Write the prompts and the job file to `folder`; returns the job file."""
    prompts = [
        {"prompt": f"{PLACES[n % len(PLACES)]} at {TIMES[n // len(PLACES) % len(TIMES)]}"}
        for n in range(ROWS - 2)
    ]
    lines = [json.dumps(prompt) for prompt in prompts]
    lines[50:50] = ['{"prompt": "a lake", "width": 7}', "this is no JSON"]
    (folder / "prompts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = {
        "name": "job-demo",
        "input": {"kind": "file", "path": str(folder / "prompts.jsonl")},
        "output": {"root": str(root), "format": "webdataset", "shard_rows": SHARD_ROWS},
        "engine": {
            "models": [
                {
                    "id": "inferloop/inferloop-mini",
                    "source": {"kind": "folder", "path": "inferloop-mini"},
                    "dtype": "float32",
                    "load_at_start": True,
                }
            ],
            "torch_threads": 1,
        },
        "defaults": {"width": 128, "height": 128, "num_inference_steps": 6, "guidance_scale": 1.0},
        "checks": {"faces": True, "text": False, "quality": {"pass_threshold": 0.05}},
        "tries": {"images": 2},
        "resources": {"in_flight": 16, "generator_cpus": 1, "checker_cpus": 0.5},
    }
    path = folder / "job.yaml"  # JSON is YAML
    path.write_text(json.dumps(job, indent=1), encoding="utf-8")
    return path


def environment() -> dict[str, str]:
    """Environment variables for the job, among them the models' folder, which is not submitted."""
    return {"INFERLOOP_MODELS_ROOT": str(REPOSITORY / "models"), "OMP_NUM_THREADS": "1"}


def submit(cluster: ChildRay, config: Path) -> JobCommand:
    """Run `ray job submit`, and print the job's log."""
    command = ["ray", "job", "submit", "--address", cluster.address, "--working-dir", "."]
    command += ["--", "python", "-m", "batch.synthesize", "--config", str(config)]
    print(f"   $ {' '.join(command)}", flush=True)
    command[0] = str(Path(sys.executable).with_name("ray"))
    return JobCommand(command, REPOSITORY, cluster.environment, relay)


def relay(line: str) -> None:
    """Print a line of the job's log, unless it is one of Ray's own messages."""
    if line.strip() and not _CHATTER.match(line):
        print(f"   | {line}", end="", flush=True)


def wait_for_shards(storage: FolderStorage, following: JobCommand) -> list[int]:
    """Wait until some shards are finished; returns their numbers."""
    give_up = time.monotonic() + _TIMEOUT_S
    while len(done := list(finished_shards(storage))) < KILL_AFTER_SHARDS:
        if following.poll() is not None or time.monotonic() > give_up:
            raise SystemExit(
                f"the job ended before it could be killed; it said:\n{following.said()}"
            )
        time.sleep(0.1)
    return done


def compare(storage: FolderStorage, untouched: bool) -> int:
    """Compare the output with the plan, row by row; returns 0 if they agree."""
    plan = Plan.load(storage)
    manifest = json.loads(storage.read(MANIFEST))
    if plan is None:
        raise SystemExit("there is no plan")
    planned = [row.row_id for n in range(plan.shards) for row in read_rows(storage, n)]
    written = list(written_ids(storage))
    refused = [
        refused.row_id
        for n in range(plan.shards)
        if (record := read_record(storage, n)) is not None
        for refused in record.refused
    ]
    exact = sorted(planned) == sorted(written + refused) and len(set(planned)) == ROWS
    print(
        f"4. {len(planned)} rows in = {len(written)} in the tars + {len(refused)} refused "
        f"({dict(manifest['reasons'])}); no row twice, none lost: {exact}; "
        f"finished shards left alone: {untouched}"
    )
    return 0 if exact and untouched and manifest["written"] == len(written) else 1


def written_ids(storage: FolderStorage) -> Iterator[str]:
    """Ids of the images in the tar files."""
    for stat in storage.list("data"):
        with storage.open(stat.key) as file, tarfile.open(fileobj=file) as tar:
            yield from (name[:-4] for name in tar.getnames() if name.endswith(".png"))


if __name__ == "__main__":
    raise SystemExit(main())
