"""The real `openai` package against the real application behind a real server."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import openai
import pytest
from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent

from engines.errors import GenerationFailed, Overloaded
from serve_app.config import ApiConfig, RateLimits
from tests.serve_app.api import HEADERS, KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.serve_app.flow.test_over_uvicorn import Served, serving
from tests.waiting import wait_for

MODEL = "runwayml/stable-diffusion-v1-5"
JPEG = b"\xff\xd8jpeg"
IDEMPOTENT = {"Idempotency-Key": "5b1f7c3e"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    yield from serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS)))


def client_of(served: Served, key: str = KEY) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(trust_env=False)
    return openai.OpenAI(api_key=key, base_url=served.url("/v1"), max_retries=0, http_client=http)


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    with client_of(served) as client:
        yield client


def test_an_image_comes_as_base64(client: openai.OpenAI) -> None:
    answer = client.images.generate(prompt="a fox", model=MODEL, size="512x256")
    assert answer.data is not None
    assert base64.b64decode(answer.data[0].b64_json or "") == PNG
    assert answer.data[0].url is None
    assert (answer.size, answer.output_format, answer.background) == ("512x256", "png", "opaque")


def test_n_images_have_seeds_that_follow_each_other(served: Served, client: openai.OpenAI) -> None:
    before = len(served.api.fakes.generation.started)
    answer = client.images.generate(prompt="a fox", n=3, size="64x64", extra_body={"seed": 7})
    assert answer.data is not None
    assert [image.model_dump()["seed"] for image in answer.data] == [7, 8, 9]
    started = served.api.fakes.generation.started[before:]
    assert sorted(each.seed for each in started) == [7, 8, 9]
    assert {(each.width, each.height, each.prompt) for each in started} == {(64, 64, "a fox")}


def test_what_is_left_out_is_the_services_default(served: Served, client: openai.OpenAI) -> None:
    client.images.generate(prompt="a fox", size="auto")
    made = served.api.fakes.generation.started[-1]
    assert (made.model_id, made.width, made.height, made.seed) == (MODEL, 512, 512, 4242)


def test_the_image_has_its_recipe_in_the_same_place_as_every_other(
    served: Served, client: openai.OpenAI
) -> None:
    answer = client.images.generate(prompt="a fox", extra_body={"dataset": "foxes"})
    assert answer.data is not None
    path = answer.data[0].model_dump()["image_path"]
    assert path.startswith("/data/generated/foxes/image_")
    assert path.removeprefix("/data/") in served.api.fakes.files.contents


def test_a_url_leads_to_the_image(client: openai.OpenAI) -> None:
    answer = client.images.generate(prompt="a fox", response_format="url")
    assert answer.data is not None
    assert answer.data[0].b64_json is None
    url = answer.data[0].url or ""
    assert httpx.get(url, headers=HEADERS, trust_env=False).content == PNG


def test_what_openai_clients_send_besides_is_taken(client: openai.OpenAI) -> None:
    answer = client.images.generate(
        prompt="a fox",
        quality="hd",
        style="vivid",
        user="somebody",
        moderation="low",
        background="auto",
        output_format="png",
        safety_identifier="hash",
    )
    assert answer.data is not None


async def test_the_asynchronous_client(served: Served) -> None:
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    url = served.url("/v1")
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url, http_client=http) as client:
        answer = await client.images.generate(prompt="a fox", size="64x64")
        assert answer.data is not None
        stream = await client.images.generate(prompt="a fox", stream=True, partial_images=1)
        kinds = [event.type async for event in stream]
        assert [model.id async for model in await client.models.list()] == [MODEL]
    assert base64.b64decode(answer.data[0].b64_json or "") == PNG
    assert kinds == ["image_generation.partial_image", "image_generation.completed"]


def test_a_stream_brings_previews_of_the_denoising_and_then_the_image(
    served: Served, client: openai.OpenAI
) -> None:
    stream = client.images.generate(
        prompt="a fox", size="64x64", stream=True, partial_images=3, extra_body={"seed": 5}
    )
    *partials, completed = list(stream)
    for index, event in enumerate(partials):
        assert isinstance(event, ImageGenPartialImageEvent)
        assert event.partial_image_index == index
        assert base64.b64decode(event.b64_json) == JPEG
        assert (event.output_format, event.size) == ("jpeg", "64x64")
    assert len(partials) == 3
    assert isinstance(completed, ImageGenCompletedEvent)
    assert base64.b64decode(completed.b64_json) == PNG
    assert completed.usage.total_tokens == 0
    assert completed.model_dump()["seed"] == 5
    assert served.api.fakes.generation.started[-1].previews


def test_a_stream_of_several_images_completes_each(client: openai.OpenAI) -> None:
    stream = client.images.generate(prompt="a fox", n=3, size="64x64", stream=True)
    assert [event.type for event in stream] == ["image_generation.completed"] * 3


def test_a_stream_that_fails_midway_raises(served: Served, client: openai.OpenAI) -> None:
    served.api.fakes.generation.failures.append(GenerationFailed("it went wrong"))
    stream = client.images.generate(prompt="a fox", stream=True, partial_images=1)
    with pytest.raises(openai.APIError, match="it went wrong"):
        list(stream)


def test_a_client_that_leaves_a_stream_stops_the_work(
    served: Served, client: openai.OpenAI
) -> None:
    generation = served.api.fakes.generation
    generation.held = True
    try:
        generation.release(30)
        stream = client.images.generate(prompt="leaves", stream=True, partial_images=3)
        next(iter(stream))
        stream.close()
        wait_for(lambda: generation.running == 0)
        assert generation.stopped[-1] == generation.started[-1].image_id
    finally:
        generation.held = False


def test_models_are_listed_and_found_by_names_with_a_slash(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).object == "model"
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-image-2")
    assert body_of(missing.value)["code"] == "not_found"


def test_the_same_key_makes_nothing_twice(served: Served, client: openai.OpenAI) -> None:
    before = len(served.api.fakes.generation.started)
    answers = [
        client.images.generate(prompt="a fox", n=2, size="64x64", extra_headers=IDEMPOTENT)
        for _ in range(2)
    ]
    assert answers[0].data == answers[1].data
    assert len(served.api.fakes.generation.started) == before + 2
    with pytest.raises(openai.ConflictError):
        client.images.generate(prompt="another", extra_headers=IDEMPOTENT)


def test_a_stream_under_a_key_comes_whole(served: Served, client: openai.OpenAI) -> None:
    before = len(served.api.fakes.generation.started)
    for _ in range(2):
        stream = client.images.generate(
            prompt="a fox", stream=True, partial_images=2, extra_headers={"Idempotency-Key": "k2"}
        )
        assert [event.type for event in stream] == ["image_generation.completed"]
    assert len(served.api.fakes.generation.started) == before + 1


def body_of(error: openai.APIStatusError) -> dict[str, object]:
    body = error.body
    assert isinstance(body, dict)
    assert body.keys() == {"message", "type", "param", "code"}
    return body


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"size": "2048x2048"}, "size"),
        ({"size": "500x500"}, "size"),
        ({"size": "large"}, "size"),
        ({"model": "dall-e-3"}, "model"),
        ({"n": 11}, "n"),
        ({"n": 0}, "n"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"prompt": "x" * 2001, "n": 3}, "prompt"),
        ({"partial_images": 2}, "partial_images"),
        ({"stream": True, "partial_images": 4}, "partial_images"),
        ({"stream": True, "response_format": "url"}, "response_format"),
        ({"output_format": "webp"}, "output_format"),
        ({"background": "transparent"}, "background"),
        ({"extra_body": {"seed": 2**53}}, "seed"),
        ({"extra_body": {"seed": 2**53 - 1}, "n": 2}, "seed"),
        ({"extra_body": {"unknown": 1}}, "unknown"),
        ({"extra_body": {"lora": "../x"}}, "lora"),
    ],
)
def test_what_is_wrong_is_named_as_the_client_knows_it(
    client: openai.OpenAI, fields: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(**{"prompt": "a fox", **fields})  # type: ignore[call-overload]
    body = body_of(refused.value)
    assert body["type"] == "invalid_request_error"
    assert body["param"] == param
    assert str(body["message"]).startswith(f"Invalid parameter: {param} ")


@pytest.mark.parametrize("key", ["wrong", "Bearer", "a b"])
def test_a_wrong_key_is_an_authentication_error(served: Served, key: str) -> None:
    with client_of(served, key) as client, pytest.raises(openai.AuthenticationError) as refused:
        client.images.generate(prompt="a fox")
    assert body_of(refused.value)["code"] == "invalid_api_key"


def test_a_busy_service_is_a_server_error(served: Served, client: openai.OpenAI) -> None:
    served.api.fakes.generation.fail_after_steps = 0
    served.api.fakes.generation.failures.append(Overloaded("busy", 3.0))
    try:
        with pytest.raises(openai.InternalServerError) as refused:
            client.images.generate(prompt="a fox", stream=True)
    finally:
        served.api.fakes.generation.fail_after_steps = 2
    assert refused.value.status_code == 503
    assert body_of(refused.value)["code"] == "overloaded"
    assert refused.value.response.headers["Retry-After"] == "3"


def test_the_budget_is_the_one_of_every_generation() -> None:
    rates = RateLimits(generate="1/minute")
    for served in serving(build_api(FakeServices(), ApiConfig(rates=rates))):
        httpx.post(
            served.url("/api/v1/generate"),
            json={"prompt": "a fox"},
            headers=HEADERS,
            trust_env=False,
        ).raise_for_status()
        with client_of(served) as client, pytest.raises(openai.RateLimitError) as refused:
            client.images.generate(prompt="a fox")
    assert body_of(refused.value)["code"] == "rate_limit_exceeded"
    assert refused.value.response.headers["X-RateLimit-Remaining"] == "0"
