"""Accepted jobs outlive the death of everything at once: launcher, Ray, replicas."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deployments.local.child_service import Service
from inferloop_synthdata import SyntheticImageClient
from inferloop_synthdata.answers import Job
from inferloop_synthdata.operations import endpoints
from tests.ray.conftest import tiny_config

pytestmark = pytest.mark.ray
KEY = "key-of-the-test-that-kills-all"
SINGLES, IN_BATCH = 16, 8


def start(folder: Path) -> Service:
    """The service over the folder's data and state, whenever it is started."""
    environment = {
        "INFERLOOP_API_KEYS": KEY,
        "INFERLOOP_STATE_DIR": str(folder / "state"),
        "INFERLOOP_RATE_LIMIT_GENERATE": "10000/minute",
        "INFERLOOP_RATE_LIMIT_READ": "100000/minute",
    }
    service = Service(folder / "data", tiny_config(folder), environment)
    service.wait_until_ready()
    return service


def kill_all(service: Service) -> None:
    """SIGKILL to the launcher and all that it started."""
    launcher = psutil.Process(service.pid)
    family = [launcher, *launcher.children(recursive=True)]
    for process in family:
        process.suspend()  # nobody may restart anybody
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=30)


def wait_for(state: Callable[[], bool], within_s: float) -> None:
    give_up = time.monotonic() + within_s
    while not state():
        assert time.monotonic() < give_up
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_every_accepted_job_ends_once_and_no_image_is_made_twice(tmp_path: Path) -> None:
    service = start(tmp_path)
    with SyntheticImageClient(api_key=KEY, base_url=service.url) as client:
        batch = endpoints.generate_batch(
            prompts=[f"batch {number}" for number in range(IN_BATCH)],
            num_inference_steps=40,
            width=64,
            height=64,
        )
        accepted = [client.jobs.submit(batch)["id"]]
        for number in range(SINGLES):
            one = endpoints.generate_image(
                prompt=f"fox {number}", num_inference_steps=40, dataset="foxes", width=64, height=64
            )
            accepted.append(client.jobs.submit(one)["id"])
        wait_for(lambda: len(client.jobs.list(state="succeeded")["jobs"]) >= 2, 120)
        unfinished = SINGLES + 1 - len(client.jobs.list(state="succeeded")["jobs"])
    kill_all(service)
    assert unfinished > 0

    service = start(tmp_path)
    try:
        with SyntheticImageClient(api_key=KEY, base_url=service.url) as client:
            ended = [client.jobs.wait(job_id) for job_id in accepted]
    finally:
        service.stop()
    assert {job["state"] for job in ended} == {"succeeded"}
    assert any(job["tries"] > 1 for job in ended)
    named = [path for job in ended for path in paths_of(job)]
    stored = sorted(str(path) for path in (tmp_path / "data" / "generated").rglob("*.png"))
    assert len(set(named)) == len(named) == SINGLES + IN_BATCH
    assert sorted(named) == stored


def paths_of(job: Job) -> list[str]:
    """The images that a job's result names."""
    result = job["result"]
    images = result.get("images")
    if isinstance(images, list):
        return [str(image["image_path"]) for image in images if isinstance(image, dict)]
    return [str(result["image_path"])]
