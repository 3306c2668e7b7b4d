"""`inferloop jobs`, `job`, `--async`, and batches of any length."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, refusing

JOB = {
    "id": "job_1",
    "kind": "generate",
    "state": "succeeded",
    "priority": "normal",
    "tries": 1,
    "created_at": "2025-05-15T14:30:00Z",
    "progress": {"done": 2, "total": 2},
    "result": {"image_path": "/data/generated/x.png"},
    "links": {},
}
FAILED = {
    **{name: value for name, value in JOB.items() if name != "result"},
    "state": "failed",
    "error": {"code": "REPLICA_LOST", "message": "died", "details": {}},
}


class Jobs:
    """Answers every call about jobs with one job, and batches with an image for each prompt."""

    def __init__(self, job: dict[str, object] = JOB) -> None:
        self.job = job
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/api/v1/")
        if path == "jobs":
            return httpx.Response(200, json={"jobs": [self.job]})
        if path.endswith("/events"):
            data = json.dumps({"job": self.job})
            return httpx.Response(200, text=f"id: 3\nevent: ended\ndata: {data}\n\n")
        if path == "generate/batch" and "prefer" not in request.headers:
            prompts = json.loads(request.content)["prompts"]
            images = [{"image_path": f"/data/{each}.png", "prompt": each} for each in prompts]
            return httpx.Response(200, json={"batch_id": "b", "images": images, "parameters": {}})
        return httpx.Response(202 if request.method == "POST" else 200, json=self.job)


def test_jobs_are_listed_as_a_table() -> None:
    service = Jobs()
    line = CommandLine(service)
    assert line.run("jobs", "--state", "succeeded", "--limit", "5", "--dataset", "d") == 0
    assert [row.split()[0] for row in line.out.splitlines()] == ["ID", "job_1"]
    assert dict(service.requests[0].url.params) == {
        "state": "succeeded",
        "limit": "5",
        "dataset": "d",
    }


@pytest.mark.parametrize(("command", "method"), [("show", "GET"), ("cancel", "DELETE")])
def test_a_job_is_shown_and_canceled(command: str, method: str) -> None:
    service = Jobs()
    line = CommandLine(service)
    assert line.run("job", command, "job_1") == 0
    assert "state: succeeded" in line.out
    assert [(r.method, r.url.path) for r in service.requests] == [(method, "/api/v1/jobs/job_1")]


def test_waiting_prints_the_result() -> None:
    line = CommandLine(Jobs())
    assert line.run("job", "wait", "job_1") == 0
    assert line.out == "image_path: /data/generated/x.png\n"


def test_waiting_for_a_job_that_fails_is_a_failure() -> None:
    line = CommandLine(Jobs(FAILED))
    assert line.run("job", "wait", "job_1") == 1
    assert line.err == "inferloop: REPLICA_LOST: died\n"


def test_an_unknown_job_is_said_so() -> None:
    line = CommandLine(refusing(404, "NOT_FOUND", "Job not found: job_9"))
    assert line.run("job", "show", "job_9") == 1
    assert "Job not found: job_9" in line.err


def test_a_generation_is_submitted_without_waiting() -> None:
    service = Jobs()
    line = CommandLine(service)
    assert line.run("generate", "a fox", "--async", "--seed", "3") == 0
    assert line.out == "job_1\n"
    (request,) = service.requests
    assert request.headers["Prefer"] == "respond-async"
    assert json.loads(request.content) == {"prompt": "a fox", "seed": 3}


def test_a_long_batch_is_cut_and_tells_how_to_go_on() -> None:
    service = Jobs()
    line = CommandLine(service, stdin="\n".join(f"p{number}" for number in range(130)))
    assert line.run("batch", "--file", "-", "--seed", "5") == 0
    assert len(line.out.splitlines()) == 130
    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    key = keys[0].removesuffix("-0")
    assert keys == [f"{key}-0", f"{key}-1", f"{key}-2"]
    assert line.err == f"to continue this list after a failure: --key {key}\n"


def test_a_second_run_with_the_key_asks_for_the_same() -> None:
    service = Jobs()
    prompts = "\n".join(f"p{number}" for number in range(70))
    for _ in range(2):
        line = CommandLine(service, stdin=prompts)
        assert line.run("batch", "--file", "-", "--key", "mine") == 0
        assert line.err == ""
    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    assert keys == ["mine-0", "mine-1"] * 2
    assert service.requests[0].content == service.requests[2].content


def test_a_long_batch_is_submitted_as_jobs() -> None:
    service = Jobs()
    line = CommandLine(service, stdin="\n".join(f"p{number}" for number in range(70)))
    assert line.run("batch", "--file", "-", "--async") == 0
    assert line.out == "job_1\njob_1\n"


@pytest.mark.parametrize("count", [3, 130])
def test_a_batch_that_is_interrupted_says_what_is_kept_and_how_to_go_on(count: int) -> None:
    service = Jobs()

    def handler(request: httpx.Request) -> httpx.Response:
        if service.requests or count < 64:
            service.requests.append(request)
            raise KeyboardInterrupt
        return service(request)

    line = CommandLine(handler, stdin="\n".join(f"p{number}" for number in range(count)))
    assert line.run("batch", "--file", "-") == 130
    key = service.requests[0].headers["Idempotency-Key"].removesuffix("-0")
    *_, kept, ended = line.err.splitlines()
    assert kept.startswith(f"{0 if count < 64 else 64} of {count} images were answered")
    assert f"--key {key}" in kept
    assert ended == "inferloop: interrupted"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "INVALID_PARAMETERS"), (403, "FORBIDDEN"), (409, "CONFLICT")]
)
def test_a_batch_that_is_refused_is_not_told_to_go_on(status: int, code: str) -> None:
    line = CommandLine(refusing(status, code, "No."))
    assert line.run("batch", "a fox", "a cat", "--dataset", "foxes") == 1
    assert line.err == f"inferloop: {code}: No.\n"


def test_the_bar_tells_the_rate_and_the_time_that_is_left() -> None:
    seconds = iter([0.0, 0.0, 32.0, 64.0, 65.0])
    line = CommandLine(
        Jobs(),
        stdin="\n".join(f"p{number}" for number in range(130)),
        terminal=True,
        clock=lambda: next(seconds),
    )
    assert line.run("batch", "--file", "-", "--key", "k") == 0
    frames = line.err.split("\r\x1b[K")
    assert frames[1].endswith("] 64/130  2.0/s  33 s left")
    assert frames[2].endswith("] 128/130  2.0/s  1 s left")
    assert frames[3].endswith("] 130/130  2.0/s")


def test_the_log_of_a_job_is_read_to_its_end() -> None:
    queued = {"seq": 1, "at": "T1", "event": "queued", "message": "Accepted"}
    failed = {"seq": 2, "at": "T2", "event": "ended", "message": "Failed: no room"}

    def service(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/jobs/job_1/log")
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"lines": [failed]})
        return httpx.Response(200, json={"lines": [queued], "next_cursor": "1"})

    line = CommandLine(service)
    assert line.run("job", "log", "job_1") == 0
    assert line.out.splitlines() == ["T1  queued    Accepted", "T2  ended     Failed: no room"]
