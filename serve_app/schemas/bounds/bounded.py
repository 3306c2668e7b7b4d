"""Request models whose limits and defaults come from the config."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, cast

from pydantic import Field, create_model, model_validator

from serve_app.config import ApiConfig, FieldBounds
from serve_app.schemas.bounds.alike import made_once
from serve_app.schemas.bounds.rules import WHEN_TOO_MANY
from serve_app.schemas.generation import (
    BatchBody,
    GenerateBody,
    GenerateMessageBody,
    ImageParameters,
)
from serve_app.schemas.patterns import NO_NUL_PATTERN, NOT_BLANK_PATTERN

P = TypeVar("P", bound=ImageParameters)

MORE_PROMPTS = (
    "For more images declare a dataset (POST /datasets), or send several batches, each as a job "
    "(header Prefer: respond-async)"
)
"""Advice in the error about too many prompts."""


@made_once
def generate_model(config: ApiConfig) -> type[GenerateBody]:
    return _bounded("GenerateRequest", GenerateBody, config, prompt=(_prompt(config.bounds), ...))


@made_once
def generate_message_model(config: ApiConfig) -> type[GenerateMessageBody]:
    """The model of the fields of a WebSocket `generate` message."""
    prompt = (_prompt(config.bounds), ...)
    return _bounded("GenerateMessage", GenerateMessageBody, config, prompt=prompt)


@made_once
def batch_model(config: ApiConfig) -> type[BatchBody]:
    """`POST /generate/batch`."""
    bounds = config.bounds
    prompts: Any = Annotated[
        _list_of(_prompt(bounds)),
        Field(
            min_length=1,
            max_length=bounds.max_prompts,
            description="One image for each prompt.",
            json_schema_extra={WHEN_TOO_MANY: MORE_PROMPTS},
        ),
    ]
    batch_size = Annotated[
        int,
        Field(
            ge=1,
            le=bounds.max_batch_size,
            description="Number of images of this call that are generated at the same time.",
        ),
    ]
    return _bounded(
        "GenerateBatchRequest",
        BatchBody,
        config,
        prompts=(prompts, ...),
        batch_size=(batch_size, bounds.default_batch_size),
    )


def _completion(config: ApiConfig) -> Any:
    """A validator that adds the defaults of the requested model to a body before the body is
    validated."""
    known = {
        model_id: defaults.model_dump(exclude_none=True)
        for model_id, defaults in config.model_defaults.items()
    }

    def complete(value: object) -> object:
        if not isinstance(value, dict):
            return value
        model_id = value.get("model_id", config.default_model_id)
        return {**known.get(model_id, {}), **value} if isinstance(model_id, str) else value

    return model_validator(mode="before")(complete)


def _bounded(name: str, base: type[P], config: ApiConfig, **own: Any) -> type[P]:
    fields: dict[str, Any] = {**own, **_shared_fields(config)}
    validators = {"complete": _completion(config)}
    return cast("type[P]", create_model(name, __base__=base, __validators__=validators, **fields))


def _list_of(item: Any) -> Any:
    return list[item]


def _prompt(bounds: FieldBounds) -> Any:
    return Annotated[
        str,
        Field(
            min_length=1,
            max_length=bounds.max_prompt_chars,
            pattern=NOT_BLANK_PATTERN,
            description="What the image shows.",
        ),
    ]


def _side(bounds: FieldBounds, what: str) -> Any:
    return Annotated[
        int,
        Field(
            ge=bounds.min_side_px,
            le=bounds.max_side_px,
            multiple_of=bounds.side_multiple_px,
            description=f"Image {what}, pixels.",
        ),
    ]


def _shared_fields(config: ApiConfig) -> dict[str, Any]:
    bounds = config.bounds
    negative_prompt = Annotated[
        str, Field(max_length=bounds.max_prompt_chars, pattern=NO_NUL_PATTERN)
    ]
    steps = Annotated[
        int, Field(ge=1, le=bounds.max_inference_steps, description="Denoising steps.")
    ]
    guidance = Annotated[
        float, Field(ge=0, le=bounds.max_guidance_scale, description="Classifier-free guidance.")
    ]
    seed = Annotated[int, Field(ge=0, le=bounds.max_seed, description="Random if left out.")]
    model_id = Annotated[str, Field(min_length=1, max_length=200, pattern=NOT_BLANK_PATTERN)]
    return {
        "negative_prompt": (negative_prompt | None, None),
        "model_id": (model_id, config.default_model_id),
        "width": (_side(bounds, "width"), bounds.default_side_px),
        "height": (_side(bounds, "height"), bounds.default_side_px),
        "num_inference_steps": (steps, bounds.default_inference_steps),
        "guidance_scale": (guidance, bounds.default_guidance_scale),
        "seed": (seed | None, None),
    }
