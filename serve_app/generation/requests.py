"""Turns validated bodies into the engine's requests, with all defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from engines.errors import InvalidParameters
from engines.types import GenerationRequest
from serve_app.ids import batch_image_ids
from serve_app.schemas.generation import (
    BatchBody,
    BatchParameters,
    GenerateBody,
    GenerateParameters,
    ImageParameters,
)

T = TypeVar("T")

DrawSeed = Callable[[], int]


def single_request(
    body: GenerateBody,
    image_id: str,
    draw_seed: DrawSeed,
    *,
    progress: bool = False,
    previews: bool = False,
) -> GenerationRequest:
    """The request for the one image of a `generate` call or message.

    `progress`: whether the engine reports each step; `previews`: whether with previews.
    """
    seed = draw_seed() if body.seed is None else body.seed
    request = _request(body, body.prompt, image_id, seed)
    return replace(request, progress=progress, previews=previews)


def batch_requests(
    body: BatchBody, unique: str, draw_seed: DrawSeed, max_seed: int
) -> list[GenerationRequest]:
    """The requests of a batch. Image i uses seed + i; without a seed, a drawn one."""
    count = len(body.prompts)
    if body.seed is not None and body.seed + count - 1 > max_seed:
        last = max_seed - count + 1
        raise InvalidParameters.of(
            "seed", body.seed, f"0 <= seed <= {last}", f"must be at most {last} for {count} prompts"
        )
    seeds = [draw_seed() if body.seed is None else body.seed + index for index in range(count)]
    ids = batch_image_ids(unique, count)
    labels = _by_prompt("labels_by_prompt", body.labels_by_prompt, count)
    metadata = _by_prompt("metadata_by_prompt", body.metadata_by_prompt, count)
    requests = [
        _request(body, prompt, image_id, seed)
        for prompt, image_id, seed in zip(body.prompts, ids, seeds, strict=True)
    ]
    return [
        replace(
            request,
            labels={**request.labels, **own_labels},
            metadata={**request.metadata, **own_metadata},
        )
        for request, own_labels, own_metadata in zip(requests, labels, metadata, strict=True)
    ]


def _by_prompt(
    parameter: str, given: Sequence[dict[str, T]] | None, count: int
) -> Sequence[dict[str, T]]:
    """One object for each prompt; empty objects if none are given."""
    if given is None:
        return [{}] * count
    if len(given) != count:
        constraint = f"as many as prompts: {count}"
        raise InvalidParameters.of(parameter, len(given), constraint, f"must be {constraint}")
    return given


def generate_parameters(body: GenerateBody, seed: int) -> GenerateParameters:
    """The parameters that the answer repeats for one image."""
    return GenerateParameters(
        negative_prompt=body.negative_prompt,
        model_id=body.model_id,
        width=body.width,
        height=body.height,
        num_inference_steps=body.num_inference_steps,
        guidance_scale=body.guidance_scale,
        seed=seed,
        **body.extras(),
    )


def batch_parameters(body: BatchBody) -> BatchParameters:
    """The parameters that the answer repeats for a batch: `negative_prompt` and `seed` only if
    given."""
    given = {
        name: value
        for name, value in (("negative_prompt", body.negative_prompt), ("seed", body.seed))
        if value is not None
    }
    return BatchParameters(
        model_id=body.model_id,
        width=body.width,
        height=body.height,
        num_inference_steps=body.num_inference_steps,
        guidance_scale=body.guidance_scale,
        **given,
        **body.extras(),
    )


def _request(body: ImageParameters, prompt: str, image_id: str, seed: int) -> GenerationRequest:
    return GenerationRequest(
        image_id=image_id,
        prompt=prompt,
        model_id=body.model_id,
        width=body.width,
        height=body.height,
        num_inference_steps=body.num_inference_steps,
        guidance_scale=body.guidance_scale,
        seed=seed,
        negative_prompt=body.negative_prompt,
        dataset=body.dataset,
        profile=body.profile,
        profile_strength=body.profile_strength,
        lora=body.lora,
        guidance_rescale=body.guidance_rescale,
        speed=body.speed,
        labels=body.labels or {},
        metadata=body.metadata or {},
        progress=False,
    )
