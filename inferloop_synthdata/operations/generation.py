"""Endpoints that generate images. Each call has an idempotency key. So the client can repeat it if
the connection was cut, and the service does not make an image twice."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict, Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import OnProgress, Operation, read_answer
from inferloop_synthdata.operations.parts import given, listed

MORE_PROMPTS = (
    "The service limits the number of prompts in one call. client.generate_many(prompts) splits a "
    "list of any length into calls; client.datasets.create(spec) makes a dataset of any size."
)
"""Added to the error if the service refuses the list of prompts."""


class GenerationOptions(TypedDict, total=False):
    """Optional arguments of a generation. The bounds and the defaults (in parentheses) are those of
    the service's default config; `/openapi.json` of a service shows its own."""

    negative_prompt: Annotated[str | None, "What should not appear in the image."]
    model_id: Annotated[str | None, "One of `list_models()`; the service's default if omitted."]
    width: Annotated[int | None, "Pixels, 64 to 1024, a multiple of 8 (512)."]
    height: Annotated[int | None, "Pixels, 64 to 1024, a multiple of 8 (512)."]
    num_inference_steps: Annotated[int | None, "Denoising steps, 1 to 150 (50)."]
    guidance_scale: Annotated[float | None, "How closely the prompt is followed, 0 to 30 (7.5)."]
    seed: Annotated[
        int | None, "0 to 2^53-1; the same seed gives the same image. Random if omitted."
    ]
    dataset: Annotated[str | None, "Dataset of the image: it is stored in `generated/<dataset>/`."]
    profile: Annotated[str | None, "Name of a profile whose colors the image gets."]
    profile_strength: Annotated[float | None, "How much the colors are changed, 0 to 1 (1)."]
    lora: Annotated[str | None, "Name of a LoRA adapter in the service's config."]
    guidance_rescale: Annotated[
        float | None, "How much of the contrast that guidance adds is removed again, 0 to 1."
    ]
    speed: Annotated[
        str | None,
        '"exact", "balanced" or "fast". The last two skip some computations, as configured for the '
        "model; the recipe lists what was skipped.",
    ]
    labels: Annotated[
        Mapping[str, str] | None, 'What the image shows, for training: {"animal": "fox"}.'
    ]
    metadata: Annotated[
        Mapping[str, JsonValue] | None, "Any JSON to store with the image, at most 4096 bytes."
    ]
    require: Annotated[
        Mapping[str, JsonValue] | None,
        'Checks that the image must pass: {"quality": True, "privacy": {"check_text": False}}. If '
        "it fails, another seed is tried; after the last try `RequirementsNotMet` is raised.",
    ]
    max_tries: Annotated[int | None, "Largest number of images made for `require`, 1 to 50 (5)."]


def generate_image(
    *, prompt: str, idempotency_key: str | None = None, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedImage]:
    """Generate one image (`POST /generate`).

    `idempotency_key`: for one day, a second call with the same key and the same arguments gets the
    first call's answer, and nothing is made again. If omitted, this call and its retries share a
    random key.
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
    """Generate an image for each prompt (`POST /generate/batch`), at most 64 prompts. For more use
    `generate_many`.

    `idempotency_key` as in `generate_image`; images that were made before a failure are not made
    again. `labels_by_prompt` and `metadata_by_prompt` have one entry for each prompt. Where an
    entry has the same name as `labels` or `metadata` of all images, the entry is used.
    `on_progress(done, total)` counts the images that are made.
    """
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
