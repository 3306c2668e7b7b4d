"""`GET /jobs/{id}/log`: what happened to a job, line by line."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.errors import GenerationFailed
from engines.jobs.model import JobEvent
from serve_app.durable.log_lines import log_line
from serve_app.schemas.base import ErrorObject
from serve_app.schemas.jobs import JobOut
from tests.serve_app.api import OTHER_KEY
from tests.serve_app.durable.playing import API, ended, submitted
from tests.serve_app.fake_services import FakeServices


def test_a_job_that_went_well_says_so_from_line_to_line(client: TestClient) -> None:
    job = ended(client, submitted(client))
    log = client.get(f"{API}/jobs/{job['id']}/log").json()
    lines = log["lines"]
    assert "next_cursor" not in log
    assert [each["seq"] for each in lines] == [*range(1, len(lines) + 1)]
    assert (lines[0]["event"], lines[1]["event"], lines[1]["tries"]) == ("queued", "started", 1)
    assert lines[-2]["progress"] == {"done": 4, "total": 4}
    assert lines[-2]["message"] == "4 of 4"
    assert (lines[-1]["event"], lines[-1]["message"]) == ("ended", "Done")
    assert all("preview" not in each for each in lines)
    assert job["created_at"][:10] == lines[0]["at"][:10]


def test_a_job_that_failed_says_why(client: TestClient, fakes: FakeServices) -> None:
    fakes.generation.fail_prompts["a fox"] = GenerationFailed("NaN in the latents")
    job = ended(client, submitted(client))
    last = client.get(f"{API}/jobs/{job['id']}/log").json()["lines"][-1]
    assert last["message"] == "Failed: NaN in the latents"
    assert last["error"]["code"] == job["error"]["code"]


def test_a_log_comes_in_pages(client: TestClient) -> None:
    job = ended(client, submitted(client))
    whole = client.get(f"{API}/jobs/{job['id']}/log").json()["lines"]
    found, query = [], "limit=2"
    while query:
        page = client.get(f"{API}/jobs/{job['id']}/log?{query}").json()
        found += page["lines"]
        query = f"limit=2&cursor={page['next_cursor']}" if "next_cursor" in page else ""
    assert found == whole


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=x", "after=1"])
def test_a_wrong_question_is_refused(client: TestClient, query: str) -> None:
    job = submitted(client)
    assert client.get(f"{API}/jobs/{job['id']}/log?{query}").status_code == 400


def test_a_job_of_nobody_has_no_log(client: TestClient) -> None:
    assert client.get(f"{API}/jobs/job_unknown/log").status_code == 404


def a_job(**more: object) -> JobOut:
    return JobOut.model_validate(
        {
            "id": "job_1",
            "kind": "generate",
            "state": "running",
            "priority": "normal",
            "tries": 2,
            "created_at": "2025-05-15T14:30:00Z",
            "links": {"self": "/", "events": "/"},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (JobEvent(1, 0.0, "queued"), "Accepted; it waits for its turn"),
        (JobEvent(2, 0.0, "started", {"try": 1}), "Started"),
        (
            JobEvent(3, 0.0, "requeued", {"reason": "the replica stops"}),
            "Back in the queue: the replica stops",
        ),
        (JobEvent(4, 0.0, "started", {"try": 2}), "Started again: try 2"),
        (JobEvent(5, 0.0, "ended", {"state": "canceled"}), "Canceled"),
        (JobEvent(5, 0.0, "ended", {"state": "failed"}), "Failed"),
    ],
)
def test_every_event_has_its_words(event: JobEvent, words: str) -> None:
    assert log_line(event, a_job()).message == words


def test_the_error_stands_at_the_end_alone() -> None:
    job = a_job(error=ErrorObject(code="INTERNAL_ERROR", message="no", details={}))
    assert log_line(JobEvent(2, 0.0, "started", {"try": 1}), job).error is None
    assert log_line(JobEvent(9, 0.0, "ended", {"state": "failed"}), job).error == job.error


def test_another_key_that_may_read_reads_it(client: TestClient) -> None:
    job = ended(client, submitted(client))
    answer = client.get(f"{API}/jobs/{job['id']}/log", headers={"X-API-Key": OTHER_KEY})
    assert answer.status_code == 200
