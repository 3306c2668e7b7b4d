"""Writes a dataset of many small images directly to disk, in the form that the service writes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.datasets.recipes.png import pixel_sha256
from engines.datasets.recipes.recipe import Recipe, make_recipe
from engines.datasets.records.reading import PNG_RECIPE_KEYWORD
from engines.datasets.store.index import recipe_line
from engines.images.png_text import encode_png
from engines.types import GeneratedImage, GenerationRequest

if TYPE_CHECKING:
    from engines.types import Pixels

DATASET = "bench"
_DISTINCT = 64
_LINES_PER_SHARD = 250


def make_dataset(root: Path, count: int, side_px: int) -> Path:
    """Write `count` images with recipes and index. Unlike the service, this does not call fsync."""
    folder = root / "generated" / DATASET
    (folder / ".index").mkdir(parents=True)
    pictures = [_picture(seed, side_px) for seed in range(min(_DISTINCT, count))]
    lines: list[bytes] = []
    for number in range(count):
        name = f"image_{number:08d}"
        pixels = pictures[number % len(pictures)]
        recipe = _recipe(name, number, pixels)
        content = encode_png(pixels, {PNG_RECIPE_KEYWORD: recipe.to_json().decode()})
        sha256 = hashlib.sha256(content).hexdigest()
        recipe = replace(recipe, file_sha256=sha256, size_bytes=len(content))
        (folder / f"{name}.png").write_bytes(content)
        (folder / f"{name}.json").write_bytes(recipe.to_json())
        lines.append(recipe_line(f"{name}.png", recipe).to_json())
        if len(lines) == _LINES_PER_SHARD or number == count - 1:
            (folder / ".index" / f"bench-{number:08d}.jsonl").write_bytes(b"".join(lines))
            lines.clear()
    return folder


def _picture(seed: int, side_px: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


def _recipe(name: str, seed: int, pixels: Pixels) -> Recipe:
    request = GenerationRequest(
        image_id=name,
        prompt=f"a red square on a green field, number {seed}",
        model_id="runwayml/stable-diffusion-v1-5",
        width=pixels.shape[1],
        height=pixels.shape[0],
        num_inference_steps=20,
        guidance_scale=7.5,
        seed=seed,
        dataset=DATASET,
    )
    image = GeneratedImage(pixels, "bench", "0", "DDIMScheduler", {"policy": "off"})
    versions = {"torch": "2.13.0", "diffusers": "0.42.1"}
    now = datetime.now(UTC)
    return make_recipe(request, image, pixel_sha256(pixels), versions, now)
