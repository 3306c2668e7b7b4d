"""`ray job submit` just after the start of a cluster: no agent yet, and no lost words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx
import pytest

from inferloop_synthdata import ApiError
from inferloop_synthdata.ray_jobs.client import RayJobs
from local_ray.job_command import WAITS_S, JobCommand
from tests.sdk.cli.command_line import CommandLine
from tests.sdk.cli.commands.test_synthesize import Ray
from tests.sdk.conftest import Waits

REFUSAL = "No available agent to submit job, please try again later."


class Busy(Ray):
    """A cluster whose first `refusals` submissions meet no agent, and whose status blinks."""

    def __init__(self, refusals: int, status_faults: int = 0) -> None:
        super().__init__()
        self.refusals = refusals
        self.status_faults = status_faults

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/jobs/" and self.refusals:
            self.refusals -= 1
            return httpx.Response(500, text=REFUSAL)
        if request.url.path == "/api/jobs/raysubmit_1" and self.status_faults:
            self.status_faults -= 1
            return httpx.Response(500, text="Traceback\nTimeoutError")
        return super().__call__(request)


def test_a_cluster_without_an_agent_is_asked_again() -> None:
    waits, ray = Waits(), Busy(3)
    jobs = RayJobs(transport=httpx.MockTransport(ray), sleep=waits.sleep)
    assert jobs.submit("python x") == "raysubmit_1"
    assert len(ray.submitted) == 1
    assert waits.slept_s == sorted(waits.slept_s)
    assert len(waits.slept_s) == 3


def test_a_cluster_that_never_has_an_agent_is_told_in_its_words() -> None:
    jobs = RayJobs(transport=httpx.MockTransport(Busy(99)), sleep=Waits().sleep)
    with pytest.raises(ApiError, match="No available agent"):
        jobs.submit("python x")


def test_other_refusals_are_not_asked_again() -> None:
    waits = Waits()
    refusing = httpx.MockTransport(lambda request: httpx.Response(500, text="disk full"))
    with pytest.raises(ApiError, match="disk full"):
        RayJobs(transport=refusing, sleep=waits.sleep).submit("python x")
    assert waits.slept_s == []


def test_synthesize_waits_for_the_agent_and_follows_a_cluster_under_load() -> None:
    line = CommandLine(Busy(2, status_faults=2))
    assert line.run("synthesize", "--config", "c") == 0
    assert line.out == "line 0\nline 1\nline 2\n"


SAYS = """
import pathlib, sys
tries = pathlib.Path(sys.argv[1])
count = int(tries.read_text() or 0) if tries.exists() else 0
tries.write_text(str(count + 1))
print("line of", count, flush=True)
if count < int(sys.argv[2]):
    sys.exit("RuntimeError: Request failed with status code 500: %s")
sys.exit(int(sys.argv[3]))
"""


def submitted(
    folder: Path, refusals: int, code: int, waits: Waits, text: str = REFUSAL
) -> tuple[JobCommand, list[str]]:
    shown: list[str] = []
    arguments = (str(folder / "tries"), str(refusals), str(code))
    command = [sys.executable, "-c", SAYS % text, *arguments]
    job = JobCommand(command, folder, os.environ, shown.append, waits.sleep)
    job.wait(60)
    return job, shown


def test_the_demo_submits_again_while_there_is_no_agent(tmp_path: Path) -> None:
    waits = Waits()
    job, shown = submitted(tmp_path, 2, 0, waits)
    assert (job.poll(), shown) == (0, ["line of 0\n", "line of 1\n", "line of 2\n"])
    assert tuple(waits.slept_s) == WAITS_S[:2]


def test_a_program_that_fails_is_not_started_again_and_its_words_are_kept(tmp_path: Path) -> None:
    waits = Waits()
    job, _ = submitted(tmp_path, 1, 0, waits, "the input has no rows")
    assert (job.poll(), waits.slept_s) == (1, [])
    assert "line of 0" in job.said()
    assert "the input has no rows" in job.said()


def test_a_program_that_fails_after_a_refusal_is_told_too(tmp_path: Path) -> None:
    job, _ = submitted(tmp_path, 1, 3, Waits())
    assert (job.poll(), job.said()) == (3, "line of 1")
