"""A whole job on a real local Ray: killed in the middle, submitted again, with rows that are bad,
rows that no judge likes, and rows that kill whoever touches them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import webdataset
import yaml

from batch.output.records import finished_shards, read_record
from batch.planning.plan import Plan, read_rows
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.storage import S3Storage
from engines.testing.diffusion import FAKE_MODELS
from local_ray.environment import closed_ray
from tests.moto_s3 import moto_s3
from tests.waiting import SERVICE_PATIENCE_S, wait_for

ROOT = Path(__file__).resolve().parents[2]
ROWS = 36
ENDS = {
    5: "this kills the engine",
    9: "this kills the checker",
    14: "dull",
    20: "",  # blank: no row at all could be made of it
}

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def write_job(
    tmp_path: Path, prompts: list[str], root: str | None = None, **resources: object
) -> Path:
    lines = "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    config = {
        "name": "birds",
        "input": {"kind": "file", "path": "rows.jsonl"},
        "output": {"root": root or str(tmp_path / "out"), "shard_rows": 6},
        "engine": {"models": [FAKE_MODELS[0].model_dump(mode="json")]},
        "defaults": {"width": 64, "height": 64, "num_inference_steps": 6},
        "checks": {"quality": None, "privacy": None},
        "tries": {"images": 2, "deaths": 1, "shard_deaths": 1},
        "resources": {"generator_cpus": 0.5, "in_flight": 4, **resources},
    }
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    prompts = [ENDS.get(number, f"bird {number % 30}") for number in range(ROWS)]
    return write_job(tmp_path, prompts)


@pytest.fixture
def ray_folder() -> Iterator[str]:
    """Short, because Ray makes sockets in it, and their names have at most 107 letters."""
    with tempfile.TemporaryDirectory(prefix="rj", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield folder


def start(job_file: Path, ray_folder: str, step_s: float, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("ray_job.py")), "--config"]
    command += [str(job_file), "--ray-folder", ray_folder, "--step-s", str(step_s)]
    command += more
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        **closed_ray(os.environ),
        "RAY_health_check_period_ms": "1000",  # in place of 3000; a node is lost after 5 of them
        "RAY_prestart_worker_first_driver": "0",  # no idle worker for each logical CPU
        "RAY_TMPDIR": ray_folder,
        "OMP_NUM_THREADS": "1",
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return subprocess.Popen(
        command,
        cwd=job_file.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill_in_the_middle(job: subprocess.Popen[str], storage: FolderStorage) -> list[int]:
    """SIGKILL to all of the job as soon as a shard is finished; the finished shards."""

    def has_finished_one() -> bool:
        assert job.poll() is None, job.communicate()[1]
        return any(finished_shards(storage))

    wait_for(has_finished_one, SERVICE_PATIENCE_S)
    os.killpg(job.pid, signal.SIGKILL)
    job.communicate()
    return list(finished_shards(storage))


def test_a_job_killed_and_submitted_again_is_complete_and_exact(
    job_file: Path, ray_folder: str, tmp_path: Path
) -> None:
    storage = FolderStorage(tmp_path / "out")
    done = kill_in_the_middle(start(job_file, ray_folder, step_s=0.05), storage)
    assert len(done) < ROWS / 6
    before = {shard: storage.stat(f"_state/shards/{shard:06d}.json").etag for shard in done}

    again = start(job_file, ray_folder, step_s=0.0)
    answer, log = again.communicate()
    assert again.returncode == 1, log  # rows failed, and the exit code says so
    summary = json.loads(answer.splitlines()[-1])
    counts = (summary["written"], summary["rejected"], summary["failed"])
    assert counts == (ROWS - 4, 2, 2), log
    assert summary["unfinished_shards"] == 0

    for shard, etag in before.items():
        assert storage.stat(f"_state/shards/{shard:06d}.json").etag == etag
    plan = Plan.load(storage)
    assert plan is not None
    planned = [row for shard in range(plan.shards) for row in read_rows(storage, shard)]
    assert len({row.row_id for row in planned}) == ROWS
    tars = sorted(str(path) for path in (tmp_path / "out/data").glob("*.tar"))
    written = [sample["__key__"] for sample in webdataset.WebDataset(tars, shardshuffle=False)]
    refused = {
        refused.index: (refused.status, refused.reasons[0][0])
        for shard in range(plan.shards)
        if (record := read_record(storage, shard)) is not None
        for refused in record.refused
    }
    assert refused == {
        5: ("failed", "process_died"),
        9: ("failed", "no_verdict"),
        14: ("rejected", "low_quality"),
        20: ("rejected", "invalid_row"),
    }
    assert written == [row.row_id for row in planned if row.index not in refused]
    assert set(Counter(written).values()) == {1}
    manifest = json.loads(storage.read("_manifest.json"))
    assert (manifest["rows"], manifest["written"]) == (ROWS, ROWS - 4)
    assert storage.stat("report.html").size_bytes > 1000
    left = [stat.key for stat in storage.list("_state") if "/runs/" in stat.key]
    assert left == []


@pytest.fixture
def bucket() -> Iterator[tuple[str, str]]:
    """Name of an empty bucket, and its server: what every node reaches, whichever dies."""
    with moto_s3() as url:
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **KEYS)
        client.create_bucket(Bucket="birds")
        yield "birds", url


def test_a_job_survives_a_killed_node(
    tmp_path: Path, ray_folder: str, bucket: tuple[str, str]
) -> None:
    name, url = bucket
    job_file = write_job(
        tmp_path,
        [f"bird {number}" for number in range(48)],
        root=f"s3://{name}/out",
        generators=2,
        generator_resources={"gpu_node": 0.4},
        checkers=2,
    )
    job = start(job_file, ray_folder, 0.1, "--lose-a-node", "--s3-endpoint", url)
    answer, log = job.communicate()
    assert "a node is dead" in log
    assert job.returncode == 0, log
    summary = json.loads(answer.splitlines()[-1])
    assert (summary["written"], summary["unfinished_shards"]) == (48, 0)
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **KEYS)
    storage = S3Storage(client, name, "out")
    planned = [row.row_id for shard in range(8) for row in read_rows(storage, shard)]
    for stat in storage.list("data"):
        (tmp_path / stat.key.rpartition("/")[2]).write_bytes(storage.read(stat.key))
    tars = sorted(str(path) for path in tmp_path.glob("*.tar"))
    written = [sample["__key__"] for sample in webdataset.WebDataset(tars, shardshuffle=False)]
    assert written == planned
