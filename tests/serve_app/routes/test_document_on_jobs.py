"""The examples of docs/jobs.md run as they stand there, against the application behind a server."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inferloop_synthdata.cli.main import main
from inferloop_synthdata.cli.session import Surroundings
from serve_app.config import ApiConfig, DurableJobs
from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.signing import WebhookSecrets
from serve_app.webhooks.wiring import WebhookWiring
from tests.serve_app.api import HEADERS, KEY, Api, build_api
from tests.serve_app.documented import blocks
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.flow.test_over_uvicorn import Served, serving
from tests.serve_app.webhooks.receiver import HOST, Receiver, receiving
from tests.waiting import wait_for

DOCUMENT = "docs/jobs.md"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def served(receiver: Receiver) -> Iterator[Served]:
    config = ApiConfig(
        rates=Api.GENEROUS,
        durable=DurableJobs(poll_s=0.02, report_every_s=0.01),
        webhooks=Webhooks(allowed_hosts=(receiver.allowed,), poll_s=0.02),
    )
    hooks = WebhookWiring(WebhookSecrets.of("a secret of the service's own"), receiver.sender())
    yield from serving(build_api(FakeServices(), config, hooks=hooks))


def example(language: str, holding: str, served: Served) -> str:
    """The one example that holds these words; it finds the service where it is."""
    (found,) = [block for block in blocks(DOCUMENT, language) if holding in block]
    return found.replace("localhost:8000", f"127.0.0.1:{served.port}")


def shell(script: str, folder: Path, before: str = "") -> str:
    """What the script prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", before + script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "NO_PROXY": "127.0.0.1",
            "KEY": KEY,
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects among what was printed."""
    decoder, found, place = json.JSONDecoder(), [], text.find("{")
    while place >= 0:
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        place = text.find("{", place)
    return found


def submitted(served: Served) -> str:
    """Id of a new job."""
    answer = httpx.post(
        served.url("/api/v1/generate"),
        json={"prompt": "a fox", "num_inference_steps": 3},
        headers={**HEADERS, "Prefer": "respond-async"},
        trust_env=False,
    )
    job_id: str = answer.json()["id"]
    return job_id


def test_curl_and_server_sent_events(served: Served, tmp_path: Path) -> None:
    out = shell(example("sh", "job.json", served), tmp_path)
    head, _, rest = out.partition("\n\n")
    job = json.loads((tmp_path / "job.json").read_text())
    assert head.startswith("HTTP/1.1 202 Accepted")
    assert f"location: /api/v1/jobs/{job['id']}" in head
    assert "preference-applied: respond-async" in head
    numbers = [line for line in rest.splitlines() if line.startswith("id: ")]
    assert numbers == [f"id: {number}" for number in range(1, len(numbers) + 1)]
    events = [line for line in rest.splitlines() if line.startswith("event: ")]
    assert events[0] == "event: queued"
    assert events[-1] == "event: ended"
    looked_up, listed, canceled = documents(rest)[-3:]
    assert looked_up["state"] == canceled["state"] == "succeeded"
    assert looked_up["dataset"] == "foxes"
    assert job["id"] in [each["id"] for each in listed["jobs"]]


def test_the_sdk(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"KEY": KEY, "prompts": [f"fox {n}" for n in range(70)]}
    exec(compile(example("python", "client.jobs.submit", served), DOCUMENT, "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 queued")
    assert " ended " in lines[-2]
    assert lines[-1].startswith("/data/generated/foxes/image_")
    images = names["images"]
    assert isinstance(images, list)
    assert len(images) == 70


def test_the_command_line(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: each start of Python would take seconds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts.txt").write_text("one owl\ntwo owls\n", encoding="utf-8")
    job, printed = "", []
    for line in example("sh", "inferloop job wait", served).splitlines():
        words = shlex.split(line.replace("JOB=$(", "").replace(")", ""), comments=True)
        command, *arguments = [job if word == "$JOB" else word for word in words]
        assert command == "inferloop"
        printed.append(inferloop(served, arguments))
        job = job or printed[0].strip()
    waited, listed, canceled, batch = printed[1:]
    assert "/data/generated/image_" in waited
    assert job in listed
    assert "succeeded" in canceled
    assert batch.count("/data/generated/image_") == 2


def inferloop(served: Served, arguments: list[str]) -> str:
    """What the command prints."""
    environ = {"INFERLOOP_API_KEY": KEY, "INFERLOOP_BASE_URL": served.url("")}
    out, err = io.StringIO(), io.StringIO()
    here = Surroundings(environ=environ, stdin=io.StringIO(), stdout=out, stderr=err)
    assert main(arguments, here) == 0, err.getvalue()
    return out.getvalue()


def test_the_socket(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    code = example("python", "websockets.sync.client", served)
    exec(compile(code, DOCUMENT, "exec"), {"KEY": KEY, "JOB": submitted(served)})
    events = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [int(number) for number, _ in events] == [*range(1, len(events) + 1)]
    assert [events[0][1], events[1][1], events[-1][1]] == ["queued", "started", "ended"]


def test_the_webhook_and_its_receiver(
    served: Served, receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = example("sh", "hooks.example.com", served).replace(HOST, receiver.allowed)
    out = shell(script, tmp_path, f"URL={served.url('')}\n")
    job, secret = documents(out)
    assert secret["algorithm"] == "v1"
    wait_for(lambda: len(receiver.heard) == 1)
    (heard,) = receiver.heard
    names: dict[str, Any] = {"SECRET": secret["secret"]}
    exec(compile(example("python", "standardwebhooks", served), DOCUMENT, "exec"), names)
    names["received"](heard.body, heard.headers)
    assert capsys.readouterr().out == f"job.succeeded {job['id']} succeeded\n"
