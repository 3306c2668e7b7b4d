"""`Prefer: respond-async`: the same endpoints with the same bodies, as jobs."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from engines.errors import GenerationFailed, Overloaded, ReplicaLost
from tests.serve_app.api import OTHER_KEY, Api
from tests.serve_app.durable.playing import API, ASYNC, SMALL, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.waiting import wait_for

DATASET = "/data/generated/nature"


def test_an_accepted_job_says_where_it_is(client: TestClient) -> None:
    answer = client.post(f"{API}/generate", json=SMALL, headers=ASYNC)
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    job = answer.json()
    assert answer.headers["Location"] == job["links"]["self"] == f"{API}/jobs/{job['id']}"
    assert job["kind"] == "generate"
    assert "X-RateLimit-Remaining" in answer.headers
    assert ended(client, job)["state"] == "succeeded"


def test_the_result_is_what_a_waiting_client_gets(client: TestClient) -> None:
    waited = client.post(f"{API}/generate", json={**SMALL, "seed": 7})
    job = ended(client, submitted(client, body={**SMALL, "seed": 7}))
    expected = waited.json() | {"image_path": job["result"]["image_path"]}
    assert job["result"] == expected
    assert job["headers"]["X-Served-Model"] == waited.headers["X-Served-Model"]
    assert job["progress"] == {"done": 4, "total": 4}
    assert job["tries"] == 1
    assert job["created_at"] <= job["started_at"] <= job["ended_at"] < job["expires_at"]


@pytest.mark.parametrize(
    ("route", "body", "kind"),
    [
        ("/generate/batch", {"prompts": ["a", "b", "c"], "dataset": "d"}, "generate.batch"),
        ("/validate/dataset", {"dataset_dir": DATASET}, "validate.dataset"),
        ("/export/jsonl", {"dataset_dir": DATASET, "output_file": "/data/exports/n"}, None),
        ("/export/parquet", {"dataset_dir": DATASET, "output_file": "/data/exports/n"}, None),
        ("/export/webdataset", {"dataset_dir": DATASET, "output_dir": "/data/exports/n"}, None),
        ("/export/s3", {"dataset_dir": DATASET, "bucket_name": "bucket-1"}, None),
        ("/profiles", {"name": "new", "source_dir": DATASET}, "profile.create"),
    ],
)
def test_every_long_call_can_be_a_job(
    client: TestClient, fakes: FakeServices, route: str, body: dict[str, object], kind: str | None
) -> None:
    fakes.files.contents["generated/nature/a.png"] = PNG
    job = submitted(client, route, body)
    assert job["kind"] == (kind or route[1:].replace("/", "."))
    done = ended(client, job)
    assert done["state"] == "succeeded", done
    fakes.profiles.profiles.pop("new", None)
    waited = client.post(f"{API}{route}", json=body).json()
    assert done["result"].keys() == waited.keys()


def test_a_batch_counts_its_images(client: TestClient) -> None:
    job = ended(client, submitted(client, "/generate/batch", {"prompts": ["a", "b", "c"]}))
    assert job["progress"] == {"done": 3, "total": 3}
    assert len(job["result"]["images"]) == 3


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/generate", {"prompt": "x", "width": 2048}),
        ("/generate", {"prompt": "x", "model_id": "nobody/knows"}),
        ("/generate", {"prompt": "x", "unknown": 1}),
        ("/generate/batch", {"prompts": []}),
        ("/generate/batch", {"prompts": ["a"], "model_id": "nobody/knows"}),
        ("/generate/batch", {"prompts": ["a", "b"], "seed": 2**53 - 1}),
        ("/export/jsonl", {"dataset_dir": "/etc", "output_file": "/data/exports/n"}),
        ("/export/jsonl", {"dataset_dir": DATASET, "output_file": "/data/generated/n"}),
        ("/profiles", {"name": "new"}),
    ],
)
def test_what_a_waiting_client_is_refused_is_no_job(
    client: TestClient, fakes: FakeServices, route: str, body: dict[str, object]
) -> None:
    refused = client.post(f"{API}{route}", json=body, headers=ASYNC)
    waited = client.post(f"{API}{route}", json=body)
    assert refused.status_code == waited.status_code == 400
    assert refused.json() == waited.json()
    assert client.get(f"{API}/jobs").json() == {"jobs": []}
    assert fakes.generation.started == []


def test_nothing_runs_before_it_is_accepted(client: TestClient, fakes: FakeServices) -> None:
    """The check before acceptance goes through the same route and stops before the work."""
    fakes.generation.held = True
    submitted(client)
    wait_for(lambda: len(fakes.generation.started) == 1)
    assert fakes.files.contents == {}


@pytest.mark.parametrize("prefer", [["Respond-Async"], ["return=minimal", "respond-async"]])
def test_the_preference_is_found_however_it_is_sent(client: TestClient, prefer: list[str]) -> None:
    headers = [*client.headers.multi_items(), *(("Prefer", value) for value in prefer)]
    answer = client.post(f"{API}/generate", json=SMALL, headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize("prompt", ["\u00e9\u4e2d\U0001f98a", 'quote " and \\', "line\nbreak"])
def test_a_job_runs_with_the_very_prompt_that_was_sent(client: TestClient, prompt: str) -> None:
    job = ended(client, submitted(client, body={**SMALL, "prompt": prompt}))
    assert job["result"]["prompt"] == prompt


def test_half_a_character_in_a_prompt_breaks_nothing(client: TestClient) -> None:
    body = b'{"prompt": "half \\ud800 a fox", "num_inference_steps": 1}'
    answer = client.post(f"{API}/generate", content=body, headers=ASYNC)
    assert answer.status_code == client.post(f"{API}/generate", content=body).status_code or (
        answer.status_code == 202 and ended(client, answer.json())["state"] == "failed"
    )


@pytest.mark.parametrize("folder", ["/data/generated/caf\u00e9", "/data/uploads/b\ud800d"])
def test_any_name_of_a_folder_can_be_asked_for(client: TestClient, folder: str) -> None:
    body = json.dumps({"dataset_dir": folder})
    answer = client.post(f"{API}/validate/dataset", content=body, headers=ASYNC)
    waited = client.post(f"{API}/validate/dataset", content=body)
    if answer.status_code == 202:
        assert ended(client, answer.json())["error"] == waited.json()["error"]
    else:
        assert answer.json() == waited.json()


@pytest.mark.parametrize("prefer", ["return=minimal", "wait=10", "respond-later", ""])
def test_other_preferences_change_nothing(client: TestClient, prefer: str) -> None:
    answer = client.post(f"{API}/generate", json=SMALL, headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def test_a_call_that_can_be_no_job_answers_as_always(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.files.contents["generated/a.png"] = PNG
    body = {"image_path": "/data/generated/a.png"}
    answer = client.post(f"{API}/validate/quality", json=body, headers=ASYNC)
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def test_a_failed_job_tells_its_error(client: TestClient, fakes: FakeServices) -> None:
    fakes.generation.fail_prompts["a fox"] = GenerationFailed("NaN latents")
    job = ended(client, submitted(client))
    assert job["state"] == "failed"
    assert job["error"] == {"code": "INTERNAL_ERROR", "message": "NaN latents", "details": {}}
    assert "result" not in job


@pytest.mark.parametrize("failure", [Overloaded("full", 0.1), ReplicaLost("died")])
def test_a_busy_service_or_a_lost_replica_costs_a_job_nothing(
    client: TestClient, fakes: FakeServices, failure: Overloaded | ReplicaLost
) -> None:
    fakes.generation.failures = [failure, failure, failure]
    job = ended(client, submitted(client))
    assert job["state"] == "succeeded"
    assert len({request.image_id for request in fakes.generation.started}) == 1
    assert len({request.seed for request in fakes.generation.started}) == 1


def test_a_queued_job_is_canceled_before_it_starts(client: TestClient, fakes: FakeServices) -> None:
    fakes.generation.held = True
    running = [submitted(client) for _ in range(3)]
    wait_for(lambda: fakes.generation.running == 3)
    waiting = submitted(client)
    assert job_of(client, waiting)["position"] == 1
    canceled = client.delete(f"{API}/jobs/{waiting['id']}").json()
    assert canceled["state"] == "canceled"
    assert canceled["error"]["code"] == "CANCELED"
    assert len(fakes.generation.started) == len(running)


def test_a_running_job_is_canceled_at_its_next_step(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    job = submitted(client)
    wait_for(lambda: fakes.generation.running == 1)
    assert client.delete(f"{API}/jobs/{job['id']}").json()["cancel_requested"] is True
    done = ended(client, job)
    assert (done["state"], done["error"]["code"]) == ("canceled", "CANCELED")
    assert fakes.generation.stopped == [fakes.generation.started[0].image_id]
    assert fakes.files.contents == {}
    again = client.delete(f"{API}/jobs/{job['id']}")
    assert (again.status_code, again.json()["state"]) == (200, "canceled")


def test_a_job_is_canceled_through_any_replica(
    client: TestClient, other_replica: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    job = submitted(client)
    wait_for(lambda: fakes.generation.running == 1)
    other_replica.delete(f"{API}/jobs/{job['id']}")
    assert ended(other_replica, job)["state"] == "canceled"


def test_a_key_that_fills_the_queue_does_not_hold_up_another(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    for _ in range(20):
        submitted(client)
    wait_for(lambda: fakes.generation.running == 3)  # one of four places is kept free
    other = submitted(
        client, body={**SMALL, "prompt": "of another key"}, **{"X-API-Key": OTHER_KEY}
    )
    wait_for(lambda: "of another key" in {r.prompt for r in fakes.generation.started})
    assert job_of(client, other)["state"] == "running"


def test_high_priority_needs_the_scope_admin(client: TestClient, api: Api) -> None:
    answer = client.post(
        f"{API}/generate", json=SMALL, headers={"Prefer": "respond-async, priority=high"}
    )
    assert answer.status_code == 202  # a listed key has every scope
    assert answer.json()["priority"] == "high"
    assert answer.headers["Preference-Applied"] == "respond-async, priority=high"
