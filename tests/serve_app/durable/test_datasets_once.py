"""A declaration that is sent while its dataset is being made is refused at once."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serve_app.durable.playing import API, ASYNC, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.waiting import wait_for

SPEC: dict[str, Any] = {
    "name": "pets",
    "count": 1,
    "prompt": "a fox",
    "generation": {"width": 64, "height": 64, "num_inference_steps": 2},
}


@pytest.mark.parametrize("changes", [{}, {"seed": 9}, {"count": 2}])
@pytest.mark.parametrize("headers", [{}, ASYNC, {**ASYNC, "Idempotency-Key": "second"}])
def test_a_declaration_whose_dataset_a_job_makes_is_refused_at_once(
    client: TestClient, fakes: FakeServices, headers: dict[str, str], changes: dict[str, Any]
) -> None:
    fakes.generation.held = True
    job = submitted(client, "/datasets", SPEC)
    wait_for(lambda: job_of(client, job)["state"] == "running")
    answer = client.post(f"{API}/datasets", json={**SPEC, **changes}, headers=headers)
    assert answer.status_code == 409
    assert "The dataset pets is being made already" in answer.json()["error"]["message"]
    submitted(client, "/datasets", {**SPEC, "name": "others"})
    fakes.generation.release(4)
    assert ended(client, job)["state"] == "succeeded"
    submitted(client, "/datasets", {**SPEC, "count": 2})


def test_a_job_that_waits_for_its_turn_counts_in_every_replica(
    other_replica: TestClient, client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    job = submitted(client, "/datasets", SPEC)
    answers = [
        other_replica.post(f"{API}/datasets", json=SPEC, headers=headers) for headers in ({}, ASYNC)
    ]
    assert [each.status_code for each in answers] == [409, 409]
    assert job["id"] in answers[0].json()["error"]["message"]
    fakes.generation.release(2)
    assert ended(client, job)["state"] == "succeeded"


def test_the_same_request_sent_again_under_its_idempotency_key_is_the_same_job(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    headers = {"Idempotency-Key": "mine"}
    first = submitted(client, "/datasets", SPEC, **headers)
    wait_for(lambda: job_of(client, first)["state"] == "running")
    assert submitted(client, "/datasets", SPEC, **headers)["id"] == first["id"]
    fakes.generation.release(2)
    assert ended(client, first)["state"] == "succeeded"
