"""Endpoints that generate images. Each call has an idempotency key, so that it may be sent again
when its connection was cut: the service makes nothing twice."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict, Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import OnProgress, Operation, read_answer
from inferloop_synthdata.operations.parts import given, listed

MORE_PROMPTS = (
    "One call takes so many prompts. client.generate_many(prompts) cuts a list of any length into "
    "calls; client.datasets.create(spec) makes a dataset of any size as one job."
)
"""A note on the error for a list of prompts that the service does not take."""


class GenerationOptions(TypedDict, total=False):
    """What generation takes beside its prompt; the server's defaults stand in for the rest. The
    bounds are the shipped ones: `/openapi.json` shows those of a service."""

    negative_prompt: Annotated[str | None, "What should not appear in the image."]
    model_id: Annotated[str | None, "One of `list_models()`; the service's default if left out."]
    width: Annotated[int | None, "Pixels, 64 to 1024, a multiple of 8 (512)."]
    height: Annotated[int | None, "Pixels, 64 to 1024, a multiple of 8 (512)."]
    num_inference_steps: Annotated[int | None, "Denoising steps, 1 to 150 (50)."]
    guidance_scale: Annotated[float | None, "How closely the prompt is followed, 0 to 30 (7.5)."]
    seed: Annotated[
        int | None, "0 to 2^53-1; the same seed gives the same image. Drawn if left out."
    ]
    dataset: Annotated[str | None, "Collect the image under `generated/<dataset>/`."]
    profile: Annotated[str | None, "Match the colors to this profile."]
    profile_strength: Annotated[float | None, "How far, 0 to 1."]
    lora: Annotated[str | None, "Name of an adapter of the service's config."]
    guidance_rescale: Annotated[
        float | None, "0 to 1: how far the contrast that guidance adds is taken back."
    ]
    speed: Annotated[
        str | None,
        "exact, balanced or fast: how much of the work may be left out, as the model's config "
        "says; the recipe tells what was.",
    ]
    labels: Annotated[
        Mapping[str, str] | None, 'What the image is of, for training: {"animal": "fox"}.'
    ]
    metadata: Annotated[
        Mapping[str, JsonValue] | None, "Any JSON to keep beside the image, at most 4096 bytes."
    ]
    require: Annotated[
        Mapping[str, JsonValue] | None,
        'What the image must meet: {"quality": True, "privacy": {"check_text": False}}. It is made '
        "again with other seeds until it does; else `RequirementsNotMet`.",
    ]
    max_tries: Annotated[int | None, "Images made for `require` at most, 1 to 50 (5)."]


def generate_image(
    *, prompt: str, idempotency_key: str | None = None, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedImage]:
    """Generate one image (`POST /generate`).

    `idempotency_key`: calls with the same key and arguments are one, and answered alike for a day;
    left out, one is drawn for this call and its retries.
    """
    parse = read_answer(answers.GeneratedImage, "image_path")
    body = given(prompt=prompt, **options)
    headers = _idempotent(idempotency_key)
    return Operation("POST", "/generate", parse, True, body=body, headers=headers)


def generate_batch(
    *,
    prompts: Sequence[str],
    batch_size: int | None = None,
    labels_by_prompt: Sequence[Mapping[str, str]] | None = None,
    metadata_by_prompt: Sequence[Mapping[str, JsonValue]] | None = None,
    idempotency_key: str | None = None,
    on_progress: OnProgress | None = None,
    **options: Unpack[GenerationOptions],
) -> Operation[answers.GeneratedBatch]:
    """Generate an image for each prompt (`POST /generate/batch`), 64 of them at most:
    `generate_many` takes more. `idempotency_key` as in `generate_image`; images that were made
    before a failure are not made again. `on_progress(done, total)` hears of every image.
    `labels_by_prompt` and `metadata_by_prompt` have an entry for each prompt; it goes before the
    `labels` and `metadata` of all."""
    body = given(
        prompts=listed(prompts),
        batch_size=batch_size,
        labels_by_prompt=None if labels_by_prompt is None else list(labels_by_prompt),
        metadata_by_prompt=None if metadata_by_prompt is None else list(metadata_by_prompt),
        **options,
    )
    parse = read_answer(answers.GeneratedBatch, "images")
    headers = _idempotent(idempotency_key)
    return Operation(
        "POST",
        "/generate/batch",
        parse,
        True,
        body=body,
        headers=headers,
        on_progress=on_progress,
        advice={"prompts": MORE_PROMPTS},
    )


def _idempotent(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4()) if key is None else key}
