"""`Idempotency-Key`: the same key with the same body is done once, whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from engines.errors import GenerationFailed, ReplicaLost
from tests.serve_app.api import OTHER_KEY, Api
from tests.serve_app.asgi import Exchange
from tests.serve_app.durable.playing import API, SMALL, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.waiting import PATIENCE_S, until, wait_for

KEY = {"Idempotency-Key": "key-1"}


def test_the_same_request_is_answered_as_before(client: TestClient, fakes: FakeServices) -> None:
    first = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    again = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.headers["X-Served-Model"] == again.headers["X-Served-Model"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(fakes.generation.started) == 1


def test_without_a_key_every_request_is_its_own(client: TestClient, fakes: FakeServices) -> None:
    answers = [client.post(f"{API}/generate", json=SMALL).json() for _ in range(2)]
    assert answers[0]["image_path"] != answers[1]["image_path"]
    assert len(fakes.generation.started) == 2


def test_another_body_under_the_key_is_a_conflict(client: TestClient) -> None:
    client.post(f"{API}/generate", json=SMALL, headers=KEY)
    other = client.post(f"{API}/generate", json={**SMALL, "seed": 1}, headers=KEY)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")
    elsewhere = client.post(f"{API}/generate/batch", json={"prompts": ["a fox"]}, headers=KEY)
    assert elsewhere.status_code == 409


def test_a_key_belongs_to_its_api_key(client: TestClient, fakes: FakeServices) -> None:
    client.post(f"{API}/generate", json=SMALL, headers=KEY)
    other = client.post(
        f"{API}/generate", json={**SMALL, "seed": 1}, headers={**KEY, "X-API-Key": OTHER_KEY}
    )
    assert other.status_code == 200
    assert len(fakes.generation.started) == 2


@pytest.mark.parametrize("key", ["", "with blank", "k" * 256])
def test_a_key_that_none_can_be_is_refused(
    client: TestClient, fakes: FakeServices, key: str
) -> None:
    answer = client.post(f"{API}/generate", json=SMALL, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "Idempotency-Key"
    assert fakes.generation.started == []


def test_a_refused_request_may_be_corrected_under_its_key(client: TestClient) -> None:
    refused = client.post(f"{API}/generate", json={**SMALL, "width": 1}, headers=KEY)
    assert refused.status_code == 400
    assert client.post(f"{API}/generate", json=SMALL, headers=KEY).status_code == 200


@pytest.mark.parametrize("failure", [ReplicaLost("died"), GenerationFailed("NaN")])
def test_after_a_failure_the_same_image_is_made(
    client: TestClient, fakes: FakeServices, failure: ReplicaLost | GenerationFailed
) -> None:
    fakes.generation.failures = [failure, failure]
    failed = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert failed.status_code >= 500
    fakes.generation.failures = []
    assert client.post(f"{API}/generate", json=SMALL, headers=KEY).status_code == 200
    assert len({(r.image_id, r.seed) for r in fakes.generation.started}) == 1


def test_two_at_once_are_one(client: TestClient, fakes: FakeServices) -> None:
    fakes.generation.held = True
    with ThreadPoolExecutor(3) as threads:
        calls = [
            threads.submit(client.post, f"{API}/generate", json=SMALL, headers=KEY)
            for _ in range(3)
        ]
        wait_for(lambda: fakes.generation.running == 1)
        assert client.portal is not None
        client.portal.call(fakes.generation.release, 4)
        answers = [call.result(10) for call in calls]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(fakes.generation.started) == 1


async def test_a_client_that_was_cut_gets_the_same_image_from_any_replica(
    api: Api, other_replica: TestClient, fakes: FakeServices
) -> None:
    body = json.dumps(SMALL).encode()

    fakes.generation.held = True
    exchange = Exchange("POST", f"{API}/generate", body)
    exchange.scope["headers"].append((b"idempotency-key", b"key-1"))
    task = asyncio.create_task(api.app(exchange.scope, exchange.receive, exchange.send))
    await until(lambda: fakes.generation.running == 1)
    exchange.gone.set()
    await asyncio.wait_for(task, PATIENCE_S)
    fakes.generation.held = False
    answer = other_replica.post(f"{API}/generate", content=body, headers=KEY)
    assert answer.status_code == 200
    first, second = fakes.generation.started
    assert (first.image_id, first.seed) == (second.image_id, second.seed)


def test_a_job_and_a_waiting_request_under_one_key_are_one(
    client: TestClient, fakes: FakeServices
) -> None:
    job = submitted(client, **KEY)
    waited = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert waited.json() == ended(client, job)["result"]
    assert submitted(client, **KEY)["id"] == job["id"]
    assert len(fakes.generation.started) == 1
    assert [each["id"] for each in client.get(f"{API}/jobs").json()["jobs"]] == [job["id"]]


def test_a_waiting_request_whose_job_fails_hears_the_same_error(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.fail_prompts["a fox"] = GenerationFailed("NaN latents")
    job = ended(client, submitted(client, **KEY))
    waited = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert waited.json()["error"] == job["error"]


def test_a_waiting_request_whose_job_is_canceled_hears_so(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    job = submitted(client, **KEY)
    client.delete(f"{API}/jobs/{job['id']}")
    ended(client, job)
    waited = client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert waited.json()["error"]["code"] == "CANCELED"


def test_waiting_requests_are_no_jobs_of_the_list(client: TestClient) -> None:
    client.post(f"{API}/generate", json=SMALL, headers=KEY)
    assert client.get(f"{API}/jobs").json() == {"jobs": []}


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/generate/batch", {"prompts": ["a", "b"]}),
        ("/validate/quality", {"image_path": "/data/generated/n/a.png"}),
        ("/validate/privacy", {"image_path": "/data/generated/n/a.png"}),
        ("/validate/dataset", {"dataset_dir": "/data/generated/n"}),
        ("/anonymize", {"image_path": "/data/generated/n/a.png"}),
        ("/export/jsonl", {"dataset_dir": "/data/generated/n", "output_file": "/data/exports/n"}),
        ("/profiles", {"name": "new", "source_dir": "/data/generated/n"}),
        ("/ws/ticket", None),
    ],
)
def test_every_post_takes_a_key(
    client: TestClient, fakes: FakeServices, route: str, body: object
) -> None:
    fakes.files.contents["generated/n/a.png"] = PNG
    first, again = (client.post(f"{API}{route}", json=body, headers=KEY) for _ in range(2))
    assert first.status_code == 200, first.text
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_an_upload_sent_again_is_kept_once(client: TestClient, fakes: FakeServices) -> None:
    forms = [{"file": ("a.png", PNG, "image/png")} for _ in range(2)]
    first, again = (client.post(f"{API}/images", files=form, headers=KEY) for form in forms)
    assert first.json() == again.json()
    assert fakes.files.uploads == 1
    other = client.post(f"{API}/images", files={"file": ("a.png", PNG + b"x")}, headers=KEY)
    assert other.status_code == 409


def test_with_a_key_too_progress_comes_before_the_answer(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.files.contents["generated/n/a.png"] = PNG
    body = {"dataset_dir": "/data/generated/n"}
    headers = {**KEY, "Accept": "application/x-ndjson, application/json"}
    answer = client.post(f"{API}/validate/dataset", json=body, headers=headers)
    *progress, result = (json.loads(line) for line in answer.text.splitlines())
    assert progress[-1] == {"type": "progress", "done": 1, "total": 1}
    again = client.post(f"{API}/validate/dataset", json=body, headers=headers)
    assert [json.loads(line) for line in again.text.splitlines()] == [result]
    whole = client.post(f"{API}/validate/dataset", json=body, headers=KEY)
    assert {"type": "result", **whole.json()} == result


def test_a_request_spends_its_budget_each_time(client: TestClient) -> None:
    left = [
        int(
            client.post(f"{API}/generate", json=SMALL, headers=KEY).headers["X-RateLimit-Remaining"]
        )
        for _ in range(2)
    ]
    assert left[0] == left[1] + 1


def test_a_job_seen_by_its_id_may_be_a_waiting_request(client: TestClient, api: Api) -> None:
    """A later `respond-async` under its key leads to it."""
    client.post(f"{API}/generate", json=SMALL, headers=KEY)
    job = submitted(client, **KEY)
    assert job["state"] == "succeeded"
    assert job_of(client, job)["result"] == job["result"]
