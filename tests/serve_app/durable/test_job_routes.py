"""`/jobs`: lists, lookups, whose job it is, and its events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serve_app.access.api_keys import ApiKeys
from serve_app.access.caller import Scope
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, OTHER_KEY, Api, build_api
from tests.serve_app.durable.playing import API, SMALL, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices, SharedServices
from tests.waiting import wait_for

Heard = list[dict[str, str]]


def heard(text: str) -> Heard:
    """Events of a stream; comments are none."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            events.append(fields)
    return events


def test_jobs_are_listed_in_pages_the_newest_first(client: TestClient) -> None:
    jobs = [submitted(client)["id"] for _ in range(5)]
    first = client.get(f"{API}/jobs?limit=2").json()
    second = client.get(f"{API}/jobs?limit=2&cursor={first['next_cursor']}").json()
    third = client.get(f"{API}/jobs?limit=2&cursor={second['next_cursor']}").json()
    shown = [job["id"] for page in (first, second, third) for job in page["jobs"]]
    assert shown == jobs[::-1]
    assert "next_cursor" not in third


def test_a_list_shows_what_was_asked_for(client: TestClient) -> None:
    one = ended(client, submitted(client, body={**SMALL, "dataset": "nature"}))
    ended(client, submitted(client, "/generate/batch", {"prompts": ["a"]}))
    for query, count in [
        ("kind=generate", 1),
        ("kind=generate.batch", 1),
        ("dataset=nature", 1),
        ("state=succeeded", 2),
        ("state=queued", 0),
        (f"since={one['created_at']}", 2),
        ("since=2999-01-01T00:00:00Z", 0),
        ("since=2999-01-01T00:00:00", 0),
    ]:
        assert len(client.get(f"{API}/jobs?{query}").json()["jobs"]) == count, query
    (listed,) = client.get(f"{API}/jobs?dataset=nature").json()["jobs"]
    assert "result" not in listed


@pytest.mark.parametrize(
    "query",
    [
        "state=done",
        "limit=0",
        "limit=1001",
        "cursor=x",
        "kind=A",
        "since=x",
        "since=0.5",
        "since=2999-01-01",
        "more=1",
    ],
)
def test_a_wrong_question_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"{API}/jobs?{query}").status_code == 400


@pytest.mark.parametrize("path", ["job_unknown", "job_unknown/events"])
def test_an_unknown_job_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"{API}/jobs/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


@pytest.fixture
def keyed(fakes: FakeServices, config: ApiConfig, tmp_path: Path) -> Api:
    """One key for each way of being a stranger."""
    scopes: dict[str, tuple[list[Scope], str | None]] = {
        "maker": (["generate"], None),
        "other": (["generate"], None),
        "reader": (["read"], None),
        "keeper": (["read", "delete"], None),
        "tenant": (["generate", "read", "delete"], "lab"),
    }
    lines = ["keys:"]
    for name, (allowed, space) in scopes.items():
        lines.append(f"  - {{name: {name}, key: {name}-key-0123456789, scopes: {allowed}")
        lines[-1] += f", space: {space}}}" if space else "}"
    path = tmp_path / "keys.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return build_api(fakes, config, None, ApiKeys((), path))


def key_of(name: str) -> dict[str, str]:
    return {"X-API-Key": f"{name}-key-0123456789"}


def test_a_strangers_job_is_not_found(keyed: Api) -> None:
    with TestClient(keyed.app) as client:
        job = submitted(client, **key_of("maker"))
        one = f"{API}/jobs/{job['id']}"
        status = {
            name: (
                client.get(one, headers=key_of(name)).status_code,
                client.get(f"{one}/events?after_seq=99", headers=key_of(name)).status_code,
                len(client.get(f"{API}/jobs", headers=key_of(name)).json()["jobs"]),
            )
            for name in ("maker", "other", "reader")
        }
        wait_for(lambda: client.get(one, headers=key_of("maker")).json()["state"] == "succeeded")
        deleted = {
            name: client.delete(one, headers=key_of(name)).status_code
            for name in ("other", "reader", "keeper", "maker")
        }
    assert status["other"] == (404, 404, 0)
    assert status["maker"][0] == status["reader"][0] == 200
    assert status["maker"][2] == status["reader"][2] == 1
    assert deleted == {"other": 404, "reader": 403, "keeper": 200, "maker": 200}


def test_a_job_runs_in_the_space_it_was_asked_in(config: ApiConfig) -> None:
    fakes = SharedServices()
    in_space = {"X-Space": "lab"}
    with TestClient(build_api(fakes, config).app, headers=HEADERS) as client:
        job = submitted(client, **in_space)
        one = f"{API}/jobs/{job['id']}"
        wait_for(lambda: client.get(one, headers=in_space).json()["state"] == "succeeded")
        assert client.get(one).status_code == 404  # outside every space
        assert client.get(f"{API}/jobs").json() == {"jobs": []}
    assert [request.space for request in fakes.generation.started] == ["lab"]


def test_a_key_without_the_scope_makes_no_job(keyed: Api, fakes: FakeServices) -> None:
    with TestClient(keyed.app) as client:
        headers = {**key_of("reader"), "Prefer": "respond-async"}
        assert client.post(f"{API}/generate", json=SMALL, headers=headers).status_code == 403
        urgent = {**key_of("maker"), "Prefer": "respond-async, priority=high"}
        assert client.post(f"{API}/generate", json=SMALL, headers=urgent).status_code == 403
    assert fakes.generation.started == []


def test_the_events_of_a_job_come_in_order_to_its_end(client: TestClient) -> None:
    job = submitted(client)
    answer = client.get(f"{API}/jobs/{job['id']}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    events = heard(answer.text)
    assert [event["event"] for event in events[:2]] == ["queued", "started"]
    assert events[-1]["event"] == "ended"
    assert '"state": "succeeded"' in events[-1]["data"]
    assert [int(event["id"]) for event in events] == list(range(1, len(events) + 1))
    assert "progress" in {event["event"] for event in events}


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_reader_that_comes_back_misses_nothing(client: TestClient, way: str) -> None:
    job = submitted(client)
    ended(client, job)
    everything = heard(client.get(f"{API}/jobs/{job['id']}/events").text)
    path, headers = f"{API}/jobs/{job['id']}/events", {"Last-Event-ID": "2"}
    if way == "query":
        path, headers = f"{path}?after_seq=2", {}
    assert heard(client.get(path, headers=headers).text) == everything[2:]


def test_a_reader_that_heard_the_end_is_told_to_stop(client: TestClient) -> None:
    job = submitted(client)
    ended(client, job)
    last = heard(client.get(f"{API}/jobs/{job['id']}/events").text)[-1]["id"]
    answer = client.get(f"{API}/jobs/{job['id']}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.text) == (204, "")


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30])
def test_a_wrong_last_event_id_is_refused(client: TestClient, last: str) -> None:
    job = submitted(client)
    answer = client.get(f"{API}/jobs/{job['id']}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 400


def test_previews_come_only_when_they_are_asked_for(client: TestClient) -> None:
    plain, shown = (
        submitted(client, **headers) for headers in ({}, {"Prefer": "respond-async, previews"})
    )
    texts = [client.get(f"{API}/jobs/{job['id']}/events").text for job in (plain, shown)]
    assert "preview" not in texts[0]
    assert '"preview": "/9hqcGVn"' in texts[1]


def test_lookups_spend_the_budget_for_reading(client: TestClient) -> None:
    answer = client.get(f"{API}/jobs")
    assert answer.headers["X-RateLimit-Limit"] == "3000"


def test_the_links_lead_to_the_job(client: TestClient) -> None:
    links: dict[str, Any] = ended(client, submitted(client))["links"]
    assert client.get(links["self"]).status_code == 200
    assert client.get(links["events"]).status_code == 200


def test_a_waiting_job_says_how_long_it_may_take(client: TestClient, fakes: FakeServices) -> None:
    ended(client, submitted(client))
    fakes.generation.held = True
    jobs = [submitted(client) for _ in range(5)]
    wait_for(lambda: fakes.generation.running == 3)
    job = job_of(client, jobs[-1])
    assert (job["state"], job["position"]) == ("queued", 2)
    assert "mean of the last 1 jobs of its kind" in job["eta"]["basis"]


def test_other_keys_of_the_service_share_what_lies_outside_every_space(client: TestClient) -> None:
    job = submitted(client)
    other = client.get(f"{API}/jobs/{job['id']}", headers={**HEADERS, "X-API-Key": OTHER_KEY})
    assert other.status_code == 200
