"""Translates a request of OpenAI's API to a body of `POST /generate/batch`, and the errors back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Fault, InvalidParameters
from serve_app.openai.error_shape import openai_name
from serve_app.openai.schemas import ImagesBody
from serve_app.schemas.bounds.parser import validated
from serve_app.schemas.generation import BatchBody

_SAME = (
    "seed",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "dataset",
    "profile",
    "profile_strength",
    "lora",
    "guidance_rescale",
    "speed",
)
"""Fields with the same name and meaning in both APIs."""


def batch_body(body: ImagesBody, model: type[BatchBody], most_in_flight: int) -> BatchBody:
    """The same request as a batch that repeats one prompt, with the service's limits and defaults.

    `most_in_flight`: most images at the same time. Raises `InvalidParameters` with the field names
    of OpenAI's API.
    """
    _check_stream(body)
    count = body.n or 1
    fields: dict[str, object] = {name: getattr(body, name) for name in _SAME}
    fields |= {"model_id": body.model, **_sides(body.size)}
    given = {name: value for name, value in fields.items() if value is not None}
    in_flight = min(count, most_in_flight)
    with in_openai_words():
        return validated(
            model, {**given, "prompts": [body.prompt] * count, "batch_size": in_flight}
        )


@contextmanager
def in_openai_words() -> Iterator[None]:
    """Translate the field names in an `InvalidParameters` of the block to those of OpenAI's API."""
    try:
        yield
    except InvalidParameters as error:
        raise InvalidParameters(*map(_renamed, error.faults)) from None


def _check_stream(body: ImagesBody) -> None:
    if body.partial_images and not body.stream:
        words = "only with stream", "needs stream to be true"
        raise InvalidParameters.of("partial_images", body.partial_images, *words)
    if body.stream and body.response_format == "url":
        words = "b64_json", "must be b64_json in a stream"
        raise InvalidParameters.of("response_format", body.response_format, *words)


def _sides(size: str | None) -> dict[str, int]:
    if size is None or size == "auto":
        return {}
    width, _, height = size.partition("x")
    return {"width": int(width), "height": int(height)}


def _renamed(fault: Fault) -> Fault:
    return Fault(openai_name(fault.parameter), fault.value, fault.constraint, fault.reason)
