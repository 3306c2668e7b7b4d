"""From OpenAI's request to ours, and from our errors to OpenAI's, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engines.errors import Details, Fault, InvalidParameters
from serve_app.config import ApiConfig
from serve_app.openai.error_shape import openai_error, openai_name
from serve_app.openai.schemas import ImagesBody
from serve_app.openai.translation import batch_body, in_openai_words
from serve_app.schemas.bounds.bounded import batch_model
from serve_app.schemas.generation import BatchBody

MODEL = batch_model(ApiConfig())


def translated(most_in_flight: int = 4, **fields: Any) -> BatchBody:
    return batch_body(ImagesBody(prompt="a fox", **fields), MODEL, most_in_flight)


@pytest.mark.parametrize(
    ("n", "most", "in_flight"), [(None, 4, 1), (1, 4, 1), (3, 4, 3), (10, 4, 4), (10, 1, 1)]
)
def test_n_images_are_one_prompt_again_and_again(n: int | None, most: int, in_flight: int) -> None:
    body = translated(most, n=n)
    assert list(body.prompts) == ["a fox"] * (n or 1)
    assert body.batch_size == in_flight


@pytest.mark.parametrize(
    ("size", "sides"), [("512x256", (512, 256)), ("64x1024", (64, 1024)), ("256x256", (256, 256))]
)
def test_the_size_is_width_by_height(size: str, sides: tuple[int, int]) -> None:
    body = translated(size=size)
    assert (body.width, body.height) == sides


@pytest.mark.parametrize("size", [None, "auto"])
def test_without_a_size_the_images_have_the_default_one(size: str | None) -> None:
    plain = MODEL.model_validate({"prompts": ["a fox"], "batch_size": 1})
    assert (translated(size=size).width, translated(size=size).height) == (
        plain.width,
        plain.height,
    )


@pytest.mark.parametrize("size", ["513x512", "32x512", "512x4096"])
def test_a_size_that_no_image_can_have_is_refused_as_size(size: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        translated(size=size)
    assert {fault.parameter for fault in caught.value.faults} == {"size"}


@pytest.mark.parametrize("size", ["512", "512x", "x512", "512 x 512", "0x0", "-1x512", "512X512"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises((ValidationError, InvalidParameters)):
        translated(size=size)


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"partial_images": 1}, "partial_images"),
        ({"partial_images": 1, "stream": False}, "partial_images"),
        ({"stream": True, "response_format": "url"}, "response_format"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_the_client_used(
    fields: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        translated(**fields)
    assert caught.value.faults[0].parameter == parameter


def test_previews_of_a_stream_and_none_without_one_are_fine() -> None:
    assert translated(stream=True, partial_images=3).batch_size == 1
    assert translated(partial_images=0).batch_size == 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("model_id", "model"), ("width", "size"), ("prompts[3]", "prompt"), ("seed", "seed")],
)
def test_a_field_is_called_as_openai_calls_it(ours: str, theirs: str) -> None:
    assert openai_name(ours) == theirs
    with pytest.raises(InvalidParameters) as caught, in_openai_words():
        raise InvalidParameters(Fault(ours, 1, "c", "r"))
    assert caught.value.faults == (Fault(theirs, 1, "c", "r"),)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "INVALID_PARAMETERS", ("invalid_request_error", "invalid_value")),
        (401, "UNAUTHORIZED", ("invalid_request_error", "invalid_api_key")),
        (403, "FORBIDDEN", ("permission_error", "forbidden")),
        (429, "RATE_LIMITED", ("requests", "rate_limit_exceeded")),
        (499, "CANCELED", ("invalid_request_error", "canceled")),
        (500, "INTERNAL_ERROR", ("server_error", "server_error")),
        (507, "INSUFFICIENT_STORAGE", ("server_error", "insufficient_storage")),
    ],
)
def test_status_and_code_become_type_and_code(
    status: int, code: str, expected: tuple[str, str]
) -> None:
    error = openai_error(status, {"code": code, "message": "m"})
    assert (error["type"], error["code"]) == expected
    assert (error["message"], error["param"]) == ("m", None)


def test_an_unknown_model_has_a_code_of_its_own() -> None:
    details: Details = {"parameter": "model_id"}
    error = openai_error(400, {"code": "INVALID_PARAMETERS", "message": "", "details": details})
    assert (error["param"], error["code"]) == ("model", "model_not_found")
