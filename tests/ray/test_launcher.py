"""The launcher: it notices that Ray has died, starts the service anew, and drains at the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deployments.local.child_service import REPOSITORY, Service
from inferloop_synthdata import Progress, Result, SyntheticImageClient
from tests.ray.conftest import tiny_config
from tests.waiting import SERVICE_PATIENCE_S, wait_for

STEPS = 40
"""Enough to be under way when the stop begins. A stop waits a minute for what is under way
(`deployments.local.cluster.DRAIN_S`), so a machine with other work must do them in less."""

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    config = tiny_config(tmp_path, apart=False)
    running = Service(tmp_path / "data", config, options=["--no-dashboard"])
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def under_way(service: Service) -> tuple[threading.Thread, list[int]]:
    """A long generation whose request has left for the service, and where its status will be."""
    sent, answers = threading.Event(), list[int]()

    def on_event(name: str, _: object) -> None:
        if name == "http11.send_request_body.complete":
            sent.set()

    def ask() -> None:
        with httpx.Client(headers={"X-API-Key": service.key}, timeout=SERVICE_PATIENCE_S) as client:
            answer = client.post(
                f"{service.url}/api/v1/generate",
                json={"prompt": "under way", "num_inference_steps": STEPS},
                extensions={"trace": on_event},
            )
        answers.append(answer.status_code)

    asked = threading.Thread(target=ask)
    asked.start()
    assert sent.wait(SERVICE_PATIENCE_S)
    return asked, answers


def test_a_dead_raylet_is_said_and_mended_and_a_stop_cuts_no_answer(own_service: Service) -> None:
    launcher = psutil.Process(own_service.pid)
    family = launcher.children(recursive=True)
    (raylet,) = (child for child in family if child.name() == "raylet")
    said = own_service.said
    # The service answers before its launcher says so.
    wait_for(lambda: "is ready at" in said(), SERVICE_PATIENCE_S, said=said)
    raylet.kill()
    wait_for(lambda: "raylet of Ray is gone" in said(), SERVICE_PATIENCE_S, said=said)
    wait_for(lambda: said().count("is ready at") == 2, SERVICE_PATIENCE_S, said=said)
    assert not raylet.is_running()
    assert "Connecting to existing Serve app" not in own_service.said()
    assert "Ray's dashboard: none" in own_service.said()
    assert "serve status" not in own_service.said()  # it asks the dashboard

    own_service.wait_until_ready()
    with SyntheticImageClient(
        api_key=own_service.key, base_url=own_service.url, max_retries=0
    ) as client:
        client.generate_image(prompt="the model is loaded", num_inference_steps=1)
        made = client.generate_image(prompt="to be judged", num_inference_steps=1)["image_path"]
        assert client.validate_quality(made)["image_path"] == made
        asked, answers = under_way(own_service)
        told = False  # a reader that is slow is not told of every step
        for event in client.generate_stream(prompt="beside it", num_inference_steps=STEPS):
            if isinstance(event, Progress) and event.step >= 2 and not told:
                launcher.send_signal(signal.SIGTERM)
                told = True
            last = event
        asked.join(SERVICE_PATIENCE_S)
    assert told
    assert isinstance(last, Result)
    assert answers == [200]
    assert own_service.stop() == 0
    stopping = own_service.said().rpartition("Stopping: ")[2]
    assert "ServeController" not in stopping  # Ray's own words about an end that was wanted
    assert "Deleting app" not in stopping
    assert not [process for process in family if process.is_running()]


HOLDER = """
import sys
from pathlib import Path
from deployments.local.child_service import REPOSITORY, Service
service = Service(Path(sys.argv[1]), Path(sys.argv[2]))
print(service.pid, flush=True)
while True:
    service.wait_until_ready()
"""


def test_a_service_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "data"), str(tiny_config(tmp_path))]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        launcher = psutil.Process(int(holder.stdout.readline()))
        wait_for(lambda: bool(named("raylet", launcher)), SERVICE_PATIENCE_S)
        family = [launcher, *launcher.children(recursive=True)]
        holder.kill()
    gone, left = psutil.wait_procs(family, SERVICE_PATIENCE_S)
    assert len(gone) == len(family), left


def named(name: str, launcher: psutil.Process) -> list[psutil.Process]:
    """Its descendants of that name."""
    return [each for each in launcher.children(recursive=True) if each.name() == name]
