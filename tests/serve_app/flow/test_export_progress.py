"""Exports whose client asks for progress, and exports whose client leaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.errors import StorageFailed
from engines.types import ExportFailure, S3ExportReport
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.asgi import Exchange
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles
from tests.waiting import PATIENCE_S, until

ACCEPT = {"Accept": "application/x-ndjson"}
DATASET = {"dataset_dir": "/data/generated/set"}
EXPORTS = [
    ("jsonl", {**DATASET, "output_file": "/data/exports/set.jsonl"}),
    ("parquet", {**DATASET, "output_file": "/data/exports/set.parquet"}),
    ("webdataset", {**DATASET, "output_dir": "/data/exports/set"}),
    ("s3", {**DATASET, "bucket_name": "pictures", "s3_prefix": "set"}),
]
every_export = pytest.mark.parametrize(("kind", "body"), EXPORTS)


@pytest.fixture
def fakes() -> FakeServices:
    return FakeServices(files=FakeFiles({"generated/set/1.png": PNG}))


@pytest.fixture
def api(fakes: FakeServices) -> Api:
    return build_api(fakes, ApiConfig(rates=Api.GENEROUS))


@pytest.fixture
def client(api: Api) -> TestClient:
    return TestClient(api.app, headers=HEADERS)


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@every_export
def test_progress_comes_before_the_plain_answer(
    client: TestClient, kind: str, body: dict[str, str]
) -> None:
    plain = client.post(f"/api/v1/export/{kind}", json=body).json()
    answer = client.post(f"/api/v1/export/{kind}", json=body, headers=ACCEPT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *progress, result = events(answer.text)
    assert [event["done"] for event in progress][-1] == 120
    assert {(event["type"], event["total"]) for event in progress} == {("progress", 120)}
    assert result == {"type": "result", **plain}


def test_keys_that_say_nothing_are_left_out_here_too(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.exporter.s3_report = S3ExportReport(
        "partial", 1, 1, 10, "pictures", "set", None, (ExportFailure("a.png", "gone"),)
    )
    answer = client.post("/api/v1/export/s3", json=EXPORTS[3][1], headers=ACCEPT)
    result = events(answer.text)[-1]
    assert result["failures"] == [{"key": "a.png", "reason": "gone"}]
    assert result["manifest_url"] is None
    assert "skipped_count" not in result


@every_export
def test_what_refuses_all_of_it_keeps_its_status(
    client: TestClient, fakes: FakeServices, kind: str, body: dict[str, str]
) -> None:
    fakes.files.contents.clear()
    answer = client.post(f"/api/v1/export/{kind}", json=body, headers=ACCEPT)
    assert answer.status_code == 404
    details = answer.json()["error"]["details"]
    assert details == {"resource": "dataset", "name": "/data/generated/set"}


@every_export
def test_a_failure_on_the_way_is_the_last_line(
    client: TestClient, fakes: FakeServices, kind: str, body: dict[str, str]
) -> None:
    fakes.exporter.failure = StorageFailed("The data root is full")
    plain = client.post(f"/api/v1/export/{kind}", json=body)
    last = events(client.post(f"/api/v1/export/{kind}", json=body, headers=ACCEPT).text)[-1]
    assert plain.status_code >= 500
    assert last["type"] == "error"
    assert last["error"]["code"] == plain.json()["error"]["code"]
    assert last["error"]["message"] == plain.json()["error"]["message"]


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
@every_export
async def test_a_client_that_leaves_stops_its_export(
    api: Api, fakes: FakeServices, kind: str, body: dict[str, str], accept: str
) -> None:
    fakes.exporter.stuck = True
    content = json.dumps(body).encode()
    exchange = Exchange("POST", f"/api/v1/export/{kind}", content, accept=accept)

    running = asyncio.create_task(api.app(exchange.scope, exchange.receive, exchange.send))
    await until(lambda: fakes.exporter.hanging)
    assert fakes.exporter.ended == 0
    exchange.gone.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert fakes.exporter.ended == 1
