"""Runs a batch of requests with diffusers' own batching. The compared servers share this code."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

MODEL_VARIABLE = "BENCHMARK_MODEL"
"""Environment variable with the model's folder, for servers that accept no arguments."""
SHARED = ("num_inference_steps", "guidance_scale", "width", "height")
"""Parameters that all images of one call of the pipeline have in common."""


class PlainPipeline:
    """Plain diffusers. One thread loads the model and runs all calls, because a second thread with
    an OpenMP team would slow both down (engines/diffusion/models/loader_threads.py)."""

    def __init__(self, model: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._pipeline = self._thread.submit(_load, model).result()

    def pictures(self, batch: Sequence[Mapping[str, Any]]) -> list[bytes]:
        """PNG files in the order of the batch. Requests with equal `SHARED` parameters share a
        call."""
        return self._thread.submit(_pictures, self._pipeline, batch).result()


def _load(model: str) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _pictures(pipeline: Any, batch: Sequence[Mapping[str, Any]]) -> list[bytes]:
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, request in enumerate(batch):
        groups.setdefault(tuple(request[name] for name in SHARED), []).append(index)
    made: list[bytes] = [b""] * len(batch)
    for shared, indices in groups.items():
        images = pipeline(
            [batch[index]["prompt"] for index in indices],
            generator=[torch.Generator("cpu").manual_seed(batch[i]["seed"]) for i in indices],
            **dict(zip(SHARED, shared, strict=True)),
        ).images
        for index, image in zip(indices, images, strict=True):
            made[index] = png(image)
    return made


def png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
