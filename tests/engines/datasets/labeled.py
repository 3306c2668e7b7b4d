"""Five images with labels, made by the real recorder, and their exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportRequest, GeneratedImage, GenerationRequest

MakeRequest = Callable[..., ExportRequest]
FARM = "generated/farm"
ANIMALS = ["fox", "cat", "dog/wolf", "fox", None]
"""The label of each image; None for the last."""


def request_of(number: int, **changes: Any) -> GenerationRequest:
    labels: dict[str, str] = {"season": "winter" if number % 2 else "summer"}
    if (animal := ANIMALS[number]) is not None:
        labels["animal"] = animal
    request = GenerationRequest(
        image_id=f"image_{number}",
        prompt=f"animal {number}",
        model_id="m",
        width=24,
        height=16,
        num_inference_steps=2,
        guidance_scale=1.0,
        seed=number,
        dataset="farm",
        labels=labels,
        metadata={"camera": {"lens_mm": 35}, "keeper": "Ané"} if number == 0 else {},
    )
    return replace(request, **changes)


def record_one(store: DatasetStore, request: GenerationRequest) -> str:
    pixels = np.full((16, 24, 3), request.seed * 20, np.uint8)
    image = GeneratedImage(pixels, "inferloop/mini", None, "DDIMScheduler", {"policy": "off"})
    return ImageRecorder(store, {}).record(request, image).key


def recorded(store: DatasetStore) -> list[str]:
    """Record all images. Returns their keys."""
    return [record_one(store, request_of(number)) for number in range(len(ANIMALS))]


def exported(
    exporter: DatasetExporter, make_request: MakeRequest, storage: Storage, **changes: Any
) -> bytes:
    output = changes.pop("output_key", f"exports/farm.{changes.get('format', 'jsonl')}")
    exporter.export(make_request(output, dataset_key=FARM, **changes))
    return storage.read(output)
