"""One call, many images: bounded in flight, all or one error that names what was made."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.errors import GenerationFailed, Overloaded
from engines.types import GenerationRequest
from serve_app.budgets.quota import Quota
from serve_app.config import ApiConfig, JobLimits
from serve_app.errors import BatchFailed
from serve_app.generation.batch import run_batch
from serve_app.generation.jobs import JobService, SpaceJobs
from serve_app.ids import IdSource
from serve_app.paths import PathCodec
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.asgi import Exchange
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeFiles, FakeGeneration
from tests.waiting import until

MODEL = "runwayml/stable-diffusion-v1-5"
LINES = {"Accept": "application/x-ndjson"}


def orders(*prompts: str) -> list[GenerationRequest]:
    return [
        GenerationRequest(f"image_u_{number}", prompt, MODEL, 64, 64, 4, 7.5, number)
        for number, prompt in enumerate(prompts, 1)
    ]


def working() -> tuple[FakeGeneration, SpaceJobs]:
    """A model, and jobs that ask it."""
    generation = FakeGeneration(FakeFiles())
    return generation, JobService(generation, JobLimits(), IdSource().job).in_space(None)


@pytest.mark.parametrize("in_flight", [1, 2, 3, 8])
async def test_no_more_than_batch_size_are_in_flight(in_flight: int) -> None:
    generation, jobs = working()
    images = await run_batch(jobs, PathCodec("/data"), orders(*"abcdefgh"), in_flight)
    assert [image.key for image in images] == [
        f"generated/image_u_{number}.png" for number in range(1, 9)
    ]
    assert generation.most_running == in_flight


async def test_a_failure_fails_the_call_stops_the_rest_and_names_what_was_made() -> None:
    generation, jobs = working()
    generation.fail_prompts["bad"] = GenerationFailed("NaN latents")
    with pytest.raises(BatchFailed) as caught:
        await run_batch(jobs, PathCodec("/data"), orders("a", "b", "bad", "c", "d"), 1)
    assert isinstance(caught.value.error, GenerationFailed)
    assert caught.value.completed == (
        "/data/generated/image_u_1.png",
        "/data/generated/image_u_2.png",
    )
    assert [request.prompt for request in generation.started] == ["a", "b", "bad"]
    assert jobs.running == 0


async def test_images_in_flight_are_stopped_by_anothers_failure() -> None:
    generation, jobs = working()
    generation.fail_prompts["bad"] = GenerationFailed("NaN latents")
    generation.fail_after_steps = 0
    generation.held = True
    with pytest.raises(BatchFailed):
        await run_batch(jobs, PathCodec("/data"), orders("slow", "bad"), 2)
    await until(lambda: not jobs.running)
    assert generation.stopped == ["image_u_1"]


async def test_cancelling_the_call_stops_all_of_it() -> None:
    generation, jobs = working()
    generation.held = True
    call = asyncio.create_task(run_batch(jobs, PathCodec("/data"), orders("a", "b", "c"), 2))
    await until(lambda: generation.running >= 2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: not jobs.running)
    assert sorted(generation.stopped) == ["image_u_1", "image_u_2"]


def test_on_the_wire_the_error_is_the_images_with_completed(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.generation.fail_prompts["bad"] = Overloaded("The queue is full", 3.0)
    body = {"prompts": ["a", "bad"], "batch_size": 1, "num_inference_steps": 3}
    answer = client.post("/api/v1/generate/batch", json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3"
    error = answer.json()["error"]
    assert error["code"] == "OVERLOADED"
    assert error["message"] == "The queue is full"
    (made,) = error["details"]["completed"]
    assert client.get("/api/v1/images", params={"path": made}).status_code == 200


def test_a_list_that_is_too_long_is_told_the_way_on(client: TestClient) -> None:
    refused = client.post("/api/v1/generate/batch", json={"prompts": ["a fox"] * 65})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["message"] == (
        "Invalid parameter: prompts must be between 1 and 64 items long. For more images declare a "
        "dataset (POST /datasets), or send several batches, each as a job "
        "(header Prefer: respond-async)"
    )
    assert error["details"]["constraint"] == "1 <= len(prompts) <= 64"


def lines_of(client: TestClient, body: object, kept: dict[str, str]) -> list[dict[str, Any]]:
    answer = client.post("/api/v1/generate/batch", json=body, headers={**LINES, **kept})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("kept", [{}, {"Idempotency-Key": "k"}])
def test_every_image_moves_the_progress_of_who_asks_for_it(
    client: TestClient, kept: dict[str, str]
) -> None:
    body = {"prompts": ["a", "b", "c"], "batch_size": 1, "num_inference_steps": 2}
    *progress, result = lines_of(client, body, kept)
    assert {(each["type"], each["total"]) for each in progress} == {("progress", 3)}
    done = [each["done"] for each in progress]  # of steps that come together the newest is told
    assert (sorted(set(done)), done[-1]) == (done, 3)
    assert result["type"] == "result"
    assert [image["prompt"] for image in result["images"]] == ["a", "b", "c"]
    # As the plain answer: what says nothing is left out.
    assert "seed" not in result["parameters"]


def test_a_repeated_key_brings_the_same_images_in_lines_too(client: TestClient) -> None:
    key, body = {"Idempotency-Key": "k"}, {"prompts": ["a"]}
    first, again = lines_of(client, body, key), lines_of(client, body, key)
    assert again == first[-1:]


@pytest.mark.parametrize("kept", [{}, {"Idempotency-Key": "k"}])
def test_what_fails_on_the_way_is_the_last_line_and_names_what_was_made(
    client: TestClient, fakes: FakeServices, kept: dict[str, str]
) -> None:
    fakes.generation.fail_prompts["bad"] = GenerationFailed("NaN latents")
    body = {"prompts": ["a", "bad"], "batch_size": 1, "num_inference_steps": 3}
    last = lines_of(client, body, kept)[-1]
    assert (last["type"], last["error"]["code"]) == ("error", "INTERNAL_ERROR")
    assert len(last["error"]["details"]["completed"]) == 1


def test_what_is_refused_at_once_has_its_own_status_in_lines_too(client: TestClient) -> None:
    for kept in ({}, {"Idempotency-Key": "k"}):
        headers = {**LINES, **kept}
        refused = client.post("/api/v1/generate/batch", json={"prompts": []}, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_PARAMETERS")


async def test_who_leaves_in_the_middle_of_the_lines_finds_later_what_was_made() -> None:
    api = build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS))
    api.fakes.generation.held = True
    body = json.dumps({"prompts": ["a", "b"], "batch_size": 1, "num_inference_steps": 2})
    path = "/api/v1/generate/batch"
    left, back = (
        Exchange("POST", path, body.encode(), accept=LINES["Accept"], idempotency_key="k")
        for _ in range(2)
    )
    asked = asyncio.create_task(api.app(left.scope, left.receive, left.send))
    await until(lambda: api.fakes.generation.running == 1)
    left.gone.set()
    await until(lambda: api.fakes.generation.running == 0)
    await asked
    api.fakes.generation.held = False
    await api.app(back.scope, back.receive, back.send)
    answer = b"".join(message.get("body", b"") for message in back.sent)
    assert json.loads(answer.splitlines()[-1])["type"] == "result"
    # The same ids as in the first run: an image that was stored there is not made again.
    first, again = api.fakes.generation.started[0], api.fakes.generation.started[1]
    assert (first.image_id, again.repeated) == (again.image_id, True)


def test_image_i_uses_seed_plus_i(client: TestClient, fakes: FakeServices) -> None:
    body = {"prompts": ["a", "b", "c"], "seed": 100, "negative_prompt": "n", "batch_size": 1}
    answer = client.post("/api/v1/generate/batch", json=body).json()
    assert [request.seed for request in fakes.generation.started] == [100, 101, 102]
    assert answer["parameters"]["seed"] == 100
    assert answer["parameters"]["negative_prompt"] == "n"


def test_drawn_seeds_and_absent_negative_prompts_are_not_echoed(
    client: TestClient, fakes: FakeServices
) -> None:
    answer = client.post("/api/v1/generate/batch", json={"prompts": ["a"]}).json()
    assert set(answer["parameters"]) == {
        "model_id",
        "width",
        "height",
        "num_inference_steps",
        "guidance_scale",
    }
    assert fakes.generation.started[0].seed == 4242


def test_seeds_past_the_bound_are_refused_before_anything_runs(
    client: TestClient, fakes: FakeServices
) -> None:
    body = {"prompts": ["a", "b"], "seed": 2**53 - 1}
    answer = client.post("/api/v1/generate/batch", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == {
        "parameter": "seed",
        "value": 2**53 - 1,
        "constraint": "0 <= seed <= 9007199254740990",
    }
    assert fakes.generation.started == []


def test_ids_of_a_batch_belong_together(client: TestClient) -> None:
    answer = client.post("/api/v1/generate/batch", json={"prompts": ["a", "b"]}).json()
    unique = answer["batch_id"].removeprefix("batch_")
    assert [image["image_path"] for image in answer["images"]] == [
        f"/data/generated/image_{unique}_1.png",
        f"/data/generated/image_{unique}_2.png",
    ]


def test_a_key_has_a_bounded_number_of_jobs() -> None:
    limits = JobLimits(max_per_key=2)
    api: Api = build_api(FakeServices(), ApiConfig(jobs=limits, rates=Api.GENEROUS))
    client = TestClient(api.app, headers=HEADERS)
    body = {"prompts": ["a", "b", "c"], "batch_size": 3, "num_inference_steps": 1}
    refused = client.post("/api/v1/generate/batch", json=body)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "OVERLOADED"
    assert refused.headers["Retry-After"] == "1"
    assert api.fakes.generation.started == []
    assert client.post("/api/v1/generate/batch", json={**body, "batch_size": 2}).status_code == 200


def test_a_quota_is_given_back_whatever_happens() -> None:
    quota = Quota("jobs", 2)
    with ExitStack() as holds:
        holds.enter_context(quota.hold("k", 2))
        with pytest.raises(Overloaded):
            holds.enter_context(quota.hold("k"))
        holds.enter_context(quota.hold("other"))
        assert (quota.held("k"), quota.total) == (2, 3)
    assert (quota.held("k"), quota.total) == (0, 0)
    with pytest.raises(ZeroDivisionError), quota.hold("k"):
        raise ZeroDivisionError
    assert quota.held("k") == 0
