"""Progress as NDJSON: on `POST /validate/dataset`, and the generator behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.errors import DeadlineExceeded, NotFound, Overloaded
from serve_app.config import ApiConfig
from serve_app.flow.progress_stream import OnProgress, progress_lines
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

BODY = {"dataset_dir": "/data/generated/set"}
ACCEPT = {"Accept": "application/x-ndjson"}


@pytest.fixture
def fakes() -> FakeServices:
    return FakeServices(files=FakeFiles({f"generated/set/{n:02}.png": PNG for n in range(6)}))


@pytest.fixture
def client(fakes: FakeServices) -> TestClient:
    return TestClient(build_api(fakes, ApiConfig(rates=Api.GENEROUS)).app, headers=HEADERS)


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_image_moves_it_and_the_summary_ends_it(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.privacy.failing.add("generated/set/02.png")
    plain = client.post("/api/v1/validate/dataset", json=BODY).json()
    answer = client.post("/api/v1/validate/dataset", json=BODY, headers=ACCEPT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *progress, result = events(answer.text)
    assert {event["type"] for event in progress} == {"progress"}
    done = [event["done"] for event in progress]
    assert (done[0], done[-1]) == (0, 6)
    assert done == sorted(set(done))
    assert {event["total"] for event in progress} == {6}
    assert result == {"type": "result", **plain}
    assert result["privacy"]["failed"] == 1


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream"])
def test_who_does_not_ask_gets_the_summary_alone(client: TestClient, accept: str) -> None:
    answer = client.post("/api/v1/validate/dataset", json=BODY, headers={"Accept": accept})
    assert answer.json()["image_count"] == 6


@pytest.mark.parametrize(
    ("body", "status"),
    [({"dataset_dir": "/data/generated/none"}, 404), ({"dataset_dir": "/etc"}, 400), ({}, 400)],
)
def test_what_is_refused_at_once_has_its_own_status(
    client: TestClient, body: dict[str, str], status: int
) -> None:
    answer = client.post("/api/v1/validate/dataset", json=body, headers=ACCEPT)
    assert answer.status_code == status
    assert answer.json()["error"]["code"]


def test_a_failure_on_the_way_is_the_last_line(client: TestClient) -> None:
    body = {**BODY, "metrics": ["beauty"]}
    answer = client.post("/api/v1/validate/dataset", json=body, headers=ACCEPT)
    assert answer.status_code == 200
    last = events(answer.text)[-1]
    assert last["type"] == "error"
    assert last["error"]["code"] == "INVALID_PARAMETERS"
    assert last["error"]["details"]["parameter"] == "metrics"


async def collected(lines: AsyncIterator[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in lines]


async def test_a_slow_reader_gets_the_newest_progress_and_the_end() -> None:
    async def work(report: OnProgress) -> dict[str, int]:
        for done in range(1000):
            report(done, 1000)
        report(1000, 1000)
        return {"count": 1000}

    found = await collected(progress_lines(work))
    assert found == [
        {"type": "progress", "done": 1000, "total": 1000},
        {"type": "result", "count": 1000},
    ]


async def test_a_silent_work_is_told_to_be_alive() -> None:
    async def watch() -> list[dict[str, Any]]:
        heard, found = asyncio.Event(), list[dict[str, Any]]()

        async def work(report: OnProgress) -> dict[str, int]:
            report(1, 2)
            await heard.wait()
            return {"count": 2}

        async for line in progress_lines(work, heartbeat_s=0.01):
            found.append(json.loads(line))
            if len(found) == 3:
                heard.set()
        return found

    assert await watch() == [
        *[{"type": "progress", "done": 1, "total": 2}] * 3,
        {"type": "result", "count": 2},
    ]


async def test_before_it_begins_nothing_is_told_however_long_it_takes() -> None:
    async def work(report: OnProgress) -> dict[str, int]:
        await asyncio.sleep(0.05)
        raise NotFound("dataset", "x")

    with pytest.raises(NotFound):
        await collected(progress_lines(work, heartbeat_s=0.001))


async def test_an_error_before_it_begins_is_raised() -> None:
    async def work(report: OnProgress) -> dict[str, int]:
        raise NotFound("dataset", "x")

    with pytest.raises(NotFound):
        await collected(progress_lines(work))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeadlineExceeded(3.0), "DEADLINE_EXCEEDED"),
        (Overloaded("full", 1.0), "OVERLOADED"),
        (RuntimeError("/root/secret"), "INTERNAL_ERROR"),
    ],
)
async def test_an_error_on_the_way_says_no_more_than_any_answer(
    error: Exception, code: str
) -> None:
    async def work(report: OnProgress) -> dict[str, int]:
        report(0, 2)
        await asyncio.sleep(0)
        raise error

    found = await collected(progress_lines(work))
    assert [event["type"] for event in found] == ["progress", "error"]
    assert found[1]["error"]["code"] == code
    assert "secret" not in json.dumps(found)


async def test_closing_the_stream_stops_the_work() -> None:
    stopped: list[bool] = []

    async def work(report: OnProgress) -> dict[str, int]:
        report(0, 1)
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.append(True)
        return {"count": 1}

    lines = progress_lines(work)
    await anext(lines)
    await lines.aclose()
    assert stopped == [True]
