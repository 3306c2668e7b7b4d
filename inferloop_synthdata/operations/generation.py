"""Endpoints that generate images. Never run twice by a retry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation, read_answer
from inferloop_synthdata.operations.parts import given


class GenerationOptions(TypedDict, total=False):
    """What generation takes beside its prompt; the server's defaults stand in for the rest."""

    negative_prompt: str | None
    model_id: str | None
    width: int | None
    """Pixels, as `height`."""
    height: int | None
    num_inference_steps: int | None
    guidance_scale: float | None
    seed: int | None
    dataset: str | None
    """Collect the image under `generated/<dataset>/`."""
    profile: str | None
    """Match the colors to this profile."""
    profile_strength: float | None
    """0..1."""
    lora: str | None
    guidance_rescale: float | None
    """0..1: how far the contrast that guidance adds is taken back."""


def generate_image(
    *, prompt: str, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedImage]:
    """Generate one image (`POST /generate`). Never run twice by a retry."""
    parse = read_answer(answers.GeneratedImage, "image_path")
    return Operation("POST", "/generate", parse, False, body=given(prompt=prompt, **options))


def generate_batch(
    *, prompts: Sequence[str], batch_size: int | None = None, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedBatch]:
    """Generate an image for each prompt (`POST /generate/batch`). Never run twice by a retry."""
    body = given(prompts=list(prompts), batch_size=batch_size, **options)
    parse = read_answer(answers.GeneratedBatch, "images")
    return Operation("POST", "/generate/batch", parse, False, body=body)
