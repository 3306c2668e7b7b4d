"""What a death costs. All of a service is killed at once and started again: accepted jobs outlive
it. Then parts of it are killed under load, as `python -m benchmarks.faults` does, and nothing that
was promised is lost.
The tests share the second service, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import pytest

from benchmarks.faults import inflicting
from benchmarks.faults.bed import ENVIRONMENT, client_of, tiny_config
from benchmarks.faults.report import Row
from benchmarks.faults.striking import struck
from deployments.local.child_service import Service
from inferloop_synthdata import Progress, Result, SyntheticImageClient
from inferloop_synthdata.answers import Job
from inferloop_synthdata.operations import endpoints
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]
KEY = "key-of-the-test-that-kills-all"
SHORT, LONG, IN_BATCH = 4, 12, 8
LONG_STEPS, LONG_SIDE_PX = 150, 256
LOAD_S = 8.0
KILLED = ("diffusion-default", "ingress")


@dataclass(frozen=True)
class Revived:
    """A service whose predecessor over the same data was killed with jobs under way."""

    service: Service
    data: Path
    unfinished: int
    """Jobs that had not ended when all was killed."""
    ended: tuple[Job, ...]
    """All jobs, as this service ended them."""


def start(folder: Path) -> Service:
    """The service over the folder's data and state, whenever it is started."""
    own = {"INFERLOOP_API_KEYS": KEY, "INFERLOOP_STATE_DIR": str(folder / "state")}
    service = Service(folder / "data", tiny_config(folder), {**ENVIRONMENT, **own})
    service.key = KEY
    return service


def kill_all(service: Service) -> None:
    """SIGKILL to the launcher and all that it started."""
    launcher = psutil.Process(service.pid)
    family = [launcher, *launcher.children(recursive=True)]
    for process in family:
        process.suspend()  # nobody may restart anybody
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=SERVICE_PATIENCE_S)


def submit_all(client: SyntheticImageClient) -> tuple[str, ...]:
    """A job of several images, and several of one, short and long; their ids."""
    batch = endpoints.generate_batch(
        prompts=[f"batch {number}" for number in range(IN_BATCH)],
        num_inference_steps=40,
        width=64,
        height=64,
    )
    accepted = [client.jobs.submit(batch)["id"]]
    for number in range(SHORT + LONG):
        steps, side_px = (1, 64) if number < SHORT else (LONG_STEPS, LONG_SIDE_PX)
        one = endpoints.generate_image(
            prompt=f"fox {number}",
            num_inference_steps=steps,
            dataset="foxes",
            width=side_px,
            height=side_px,
        )
        accepted.append(client.jobs.submit(one)["id"])
    return tuple(accepted)


def in_state(client: SyntheticImageClient, state: Literal["running", "succeeded"]) -> int:
    return len(client.jobs.list(state=state)["jobs"])


def killed_with_jobs(folder: Path) -> tuple[tuple[str, ...], int]:
    """Ids of the jobs that a service took, and how many of them had not ended when it died."""
    service = start(folder)
    try:
        service.wait_until_ready()
        with SyntheticImageClient(api_key=KEY, base_url=service.url) as client:
            accepted = submit_all(client)
            # The long ones have far more to do than the time that a kill takes.
            wait_for(lambda: in_state(client, "succeeded"), SERVICE_PATIENCE_S)
            wait_for(lambda: in_state(client, "running"), SERVICE_PATIENCE_S)
            ended = in_state(client, "succeeded")
    finally:
        kill_all(service)
        service.stop()
    return accepted, len(accepted) - ended


@pytest.fixture(scope="module")
def revived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Revived]:
    folder = tmp_path_factory.mktemp("deaths")
    accepted, unfinished = killed_with_jobs(folder)
    service = start(folder)
    try:
        service.wait_until_ready()
        with SyntheticImageClient(api_key=KEY, base_url=service.url) as client:
            ended = tuple(client.jobs.wait(job_id) for job_id in accepted)
        yield Revived(service, folder / "data", unfinished, ended)
    finally:
        service.stop()


def test_every_accepted_job_ends_once_and_no_image_is_made_twice(revived: Revived) -> None:
    assert revived.unfinished > 0
    assert {job["state"] for job in revived.ended} == {"succeeded"}
    assert any(job["tries"] > 1 for job in revived.ended)
    named = [path for job in revived.ended for path in paths_of(job)]
    stored = sorted(str(path) for path in (revived.data / "generated").rglob("*.png"))
    assert len(set(named)) == len(named) == SHORT + LONG + IN_BATCH
    assert sorted(named) == stored


def paths_of(job: Job) -> list[str]:
    """The images that a job's result names."""
    result = job["result"]
    images = result.get("images")
    if isinstance(images, list):
        return [str(image["image_path"]) for image in images if isinstance(image, dict)]
    return [str(result["image_path"])]


def test_an_image_under_way_in_a_replica_that_dies_is_made_by_the_next(revived: Revived) -> None:
    kill = inflicting.killed(revived.service.pid, "diffusion-default").strike
    is_killed = False
    with SyntheticImageClient(api_key=KEY, base_url=revived.service.url, max_retries=0) as client:
        for event in client.generate_stream(
            prompt="a fox that outlives", num_inference_steps=LONG_STEPS, width=512, height=512
        ):
            if isinstance(event, Progress) and not is_killed:
                kill()
                is_killed = True
            last = event
    assert is_killed
    assert isinstance(last, Result)


@pytest.fixture(scope="module")
def rows(revived: Revived) -> dict[str, Row]:
    """What clients met while one replica of each deployment of `KILLED` died under load."""

    for left in revived.data.rglob(".tmp-*"):  # by the death of all, which comes before these
        left.unlink()

    async def strike_all() -> dict[str, Row]:
        async with client_of(revived.service, revived.data) as client:
            return {
                name: await struck(
                    client, inflicting.killed(revived.service.pid, name), revived.data, LOAD_S
                )
                for name in KILLED
            }

    return asyncio.run(strike_all())


def test_a_killed_diffusion_replica_loses_and_doubles_nothing(rows: dict[str, Row]) -> None:
    """Each request is run once more; who meets two deaths is told so, and who finds the queue
    full. How many those are is a matter of the machine."""
    row = rows["diffusion-default"]
    assert {end.outcome for end in row.ends} <= {"ok", "REPLICA_LOST", "OVERLOADED"}
    assert any(end.is_ok and end.began_s > row.struck_s for end in row.ends)
    assert row.findings.told() == "nothing"


def test_a_killed_ingress_loses_and_doubles_nothing_that_was_promised(
    rows: dict[str, Row],
) -> None:
    row = rows["ingress"]
    assert any(end.is_ok and end.began_s > row.struck_s for end in row.ends)
    assert row.findings.told() == "nothing"
