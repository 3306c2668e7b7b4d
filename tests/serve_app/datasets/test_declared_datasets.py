"""`POST /datasets` and its preview: a declaration becomes a dataset, or says what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engines.errors import Conflict, DeadlineExceeded, Overloaded
from engines.types import GenerationRequest, StoredImage
from serve_app.config import ApiConfig, DatasetCreationLimits
from serve_app.datasets.creation import LATE_RETRIES
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeGeneration

SPEC: dict[str, Any] = {
    "name": "pets",
    "seed": 3,
    "quotas": {"animal": {"fox": 3, "cat": 2}},
    "attributes": {"animal": ["fox", "cat"], "place": {"values": {"wood": 3, "room": 1}}},
    "prompt": "a {animal} in a {place}",
    "generation": {"width": 64, "height": 64, "num_inference_steps": 2},
    "require": {"quality": True},
}


class HashingGeneration(FakeGeneration):
    """Images whose hash follows from their seed: `looks` different pictures."""

    looks = 10**6

    def _stored(self, request: GenerationRequest) -> StoredImage:
        folder = f"generated/{request.dataset}"
        if f"{folder}/{request.image_id}.png" in self.files.contents and not request.repeated:
            raise Conflict("Another image has this id")
        look = request.seed % self.looks
        hashes = (look * 0x9E3779B97F4A7C15 % 2**64, look * 0xC2B2AE3D27D4EB4F % 2**64)
        return replace(super()._stored(request), hashes=hashes if request.fingerprint else None)


def services(looks: int = 10**6) -> FakeServices:
    fakes = FakeServices()
    generation = HashingGeneration(fakes.files)
    generation.looks = looks
    fakes.generation = generation
    return fakes


def client_of(fakes: FakeServices, **limits: Any) -> TestClient:
    config = ApiConfig(
        rates=Api.GENEROUS, dataset_creation=DatasetCreationLimits.model_validate(limits)
    )
    return TestClient(build_api(fakes, config).app, headers=HEADERS)


def test_a_declaration_becomes_a_dataset_with_labels() -> None:
    fakes = services()
    with client_of(fakes) as client:
        answer = client.post("/api/v1/datasets", json=SPEC)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "status": "complete",
        "name": "pets",
        "path": "/data/generated/pets",
        "requested": 5,
        "made": 5,
        "kept": 0,
        "images_made": 5,
        "labels": {"animal": {"cat": 2, "fox": 3}},
        "short": [],
    }
    made = {request.image_id: request for request in fakes.generation.started}
    assert sorted(made) == ["cat-00000", "cat-00001", "fox-00000", "fox-00001", "fox-00002"]
    assert made["fox-00000"].labels == {"animal": "fox"}
    assert made["fox-00000"].prompt.startswith("a fox in a ")


def test_asked_again_it_makes_nothing_and_enlarged_it_only_adds() -> None:
    fakes = services()
    with client_of(fakes) as client:
        client.post("/api/v1/datasets", json=SPEC)
        before = {r.image_id: r.seed for r in fakes.generation.started}
        again = client.post("/api/v1/datasets", json=SPEC).json()
        assert (again["made"], again["kept"], again["images_made"]) == (5, 5, 0)
        more = {**SPEC, "quotas": {"animal": {"fox": 4, "cat": 4}}}
        enlarged = client.post("/api/v1/datasets", json=more).json()
    assert (enlarged["made"], enlarged["kept"], enlarged["images_made"]) == (8, 5, 3)
    after = {r.image_id: r.seed for r in fakes.generation.started}
    assert before.items() <= after.items()


def test_another_declaration_under_the_name_is_refused() -> None:
    with client_of(services()) as client:
        client.post("/api/v1/datasets", json=SPEC)
        answer = client.post("/api/v1/datasets", json={**SPEC, "prompt": "one {animal}"})
    assert answer.status_code == 409


def test_a_dataset_that_is_being_made_is_not_made_a_second_time_meanwhile() -> None:
    api = build_api(services(), ApiConfig(rates=Api.GENEROUS))
    running = api.app.state.context.running_datasets
    with TestClient(api.app, headers=HEADERS) as client:
        with running.hold(None, "pets"):
            answer = client.post("/api/v1/datasets", json=SPEC)
            other = client.post("/api/v1/datasets", json={**SPEC, "name": "more-pets"})
        after = client.post("/api/v1/datasets", json=SPEC)
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "The dataset pets is being made already"
    assert (other.status_code, after.status_code) == (200, 200)


def test_what_cannot_be_met_is_told_by_class() -> None:
    spec = {**SPEC, "require": {"near_duplicates": True}, "max_tries": 2}
    fakes = services(looks=1)
    with client_of(fakes) as client:
        told = client.post("/api/v1/datasets", json=spec).json()
    assert told["status"] == "short"
    assert told["short"] == [
        {"of_class": "cat", "reason": "near-duplicate", "count": 1,
         "message": "short by 1 of class cat: near-duplicate"},
        {"of_class": "fox", "reason": "near-duplicate", "count": 2,
         "message": "short by 2 of class fox: near-duplicate"},
    ]  # fmt: skip
    kept = [each.message for each in fakes.datasets.short["pets"]]  # for the report
    assert kept == [each["message"] for each in told["short"]]
    assert sorted(fakes.files.contents) == [
        "generated/pets/cat-00000.png",
        "generated/pets/fox-00000.png",
    ]


def test_a_busy_deployment_is_waited_for() -> None:
    fakes = services()
    fakes.generation.failures = [Overloaded("full", 0.0), None, Overloaded("full", 0.0)]
    fakes.generation.fail_after_steps = 0
    with client_of(fakes) as client:
        assert client.post("/api/v1/datasets", json=SPEC).json()["made"] == 5


def test_an_image_that_is_late_is_asked_for_again() -> None:
    """A machine that is busy for some minutes would end a run of hours."""
    fakes = services()
    fakes.generation.failures = [DeadlineExceeded(120.0)] * LATE_RETRIES
    fakes.generation.fail_after_steps = 0
    with client_of(fakes, in_flight=1) as client:
        assert client.post("/api/v1/datasets", json=SPEC).json()["made"] == 5


def test_an_image_that_is_always_late_ends_the_run() -> None:
    fakes = services()
    fakes.generation.failures = [DeadlineExceeded(120.0)] * (LATE_RETRIES + 1)
    fakes.generation.fail_after_steps = 0
    with client_of(fakes, in_flight=1) as client:
        assert client.post("/api/v1/datasets", json=SPEC).status_code == 504
        assert client.post("/api/v1/datasets", json=SPEC).json()["made"] == 5


def test_it_can_be_a_job_that_shows_its_images_as_progress() -> None:
    with client_of(services()) as client:
        headers = {"Prefer": "respond-async"}
        accepted = client.post("/api/v1/datasets", json=SPEC, headers=headers)
        assert accepted.status_code == 202
        job = accepted.json()
        assert (job["kind"], job["dataset"]) == ("dataset.create", "pets")
        with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
            text = "".join(events.iter_text())
        ended = client.get(f"/api/v1/jobs/{job['id']}").json()
    assert '"total": 5' in text or '"total":5' in text
    assert ended["state"] == "succeeded"
    assert ended["result"]["made"] == 5


def test_lines_of_progress_for_who_accepts_them() -> None:
    with client_of(services()) as client:
        answer = client.post(
            "/api/v1/datasets", json=SPEC, headers={"Accept": "application/x-ndjson"}
        )
    lines = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
    assert lines[-1]["made"] == 5, lines


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": "a {cow}"}, "cow is not one"),
        ({"quotas": {"animal": {"cow": 1}}}, "cow is not one"),
        ({"generation": {"width": 63}}, "generation.width must be a multiple of 8"),
        ({"generation": {"model_id": "no/model"}}, "must be one of"),
        ({"name": "../up"}, "letters, digits, dots"),
        ({"name": "foxes."}, "the last is no dot"),
        ({"name": "con"}, "name of a device"),
        ({"name": 3}, "must be a string"),
        ({"count": 3}, "either count or quotas"),
        ({"require": {"beauty": True}}, "not a known parameter"),
        ({"quotas": {"animal": 600}}, "at most 1000 images"),
        ({"surprise": 1}, "not a known parameter"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused_before_anything_is_made(
    changes: dict[str, Any], words: str
) -> None:
    fakes = services()
    with client_of(fakes, max_images=1000) as client:
        answer = client.post("/api/v1/datasets", json={**SPEC, **changes})
        headers = {"Prefer": "respond-async"}
        queued = client.post("/api/v1/datasets", json={**SPEC, **changes}, headers=headers)
    assert answer.status_code == queued.status_code == 400, answer.text
    assert words in answer.text
    assert not fakes.generation.started
    assert not fakes.datasets.declared


def test_a_plan_says_what_would_be_made_and_makes_nothing() -> None:
    fakes = FakeServices()
    with TestClient(build_api(fakes, ApiConfig()).app, headers=HEADERS) as client:
        answer = client.post("/api/v1/datasets/plan", json=SPEC)
        preview = client.post("/api/v1/datasets/preview", json={"spec": SPEC, "images": 0}).json()
        wrong = client.post("/api/v1/datasets/plan", json={**SPEC, "prompt": "a {colour}"})
    told = answer.json()
    assert answer.headers["X-RateLimit-Limit"] == "3000"
    assert (told["total"], told["classes"]) == (5, {"fox": 3, "cat": 2})
    assert told == {name: preview[name] for name in told}
    assert fakes.generation.started == []
    assert (wrong.status_code, "colour" in wrong.json()["error"]["message"]) == (400, True)


def test_the_preview_shows_the_table_and_the_first_images() -> None:
    fakes = services()
    with client_of(fakes) as client:
        body = {"spec": SPEC, "images": 2, "rows": 3}
        told = client.post("/api/v1/datasets/preview", json=body).json()
        again = client.post("/api/v1/datasets/preview", json=body).json()
        made = client.post("/api/v1/datasets", json=SPEC).json()
    assert told == again
    assert told["total"] == 5
    assert told["classes"] == {"fox": 3, "cat": 2}
    assert told["counts"]["animal"] == {"cat": 2, "fox": 3}
    assert [row["id"] for row in told["rows"]] == ["fox-00000", "cat-00000", "fox-00001"]
    assert [image["id"] for image in told["images"]] == ["fox-00000", "cat-00000"]
    assert told["images"][0]["verdicts"]["quality"]["passed"] is True
    assert told["images"][0]["missed"] == []
    assert all("/generated/pets-preview/" in image["image_path"] for image in told["images"])
    seeds = {r.seed for r in fakes.generation.started if r.dataset == "pets"}
    assert {row["seed"] for row in told["rows"]} <= seeds
    assert made["kept"] == 0


@pytest.mark.parametrize("images", [-1, 17, "2"])
def test_a_preview_is_small(images: object) -> None:
    with client_of(services()) as client:
        answer = client.post("/api/v1/datasets/preview", json={"spec": SPEC, "images": images})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "images"
