"""Makes a dataset of any size quickly: one picture with many names, each with its own recipe."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

from PIL import Image

SIDE_PX = 64
LABELS = ("fox", "cat", "owl", "hare", "deer")


def make_many(root: Path, name: str, count: int) -> Path:
    """Make `count` images in `generated/<name>/`: animals in turn, with seeds from 0."""
    folder = root / "generated" / name
    folder.mkdir(parents=True)
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE_PX, SIDE_PX), (70, 110, 160)).save(buffer, "PNG")
    content = buffer.getvalue()
    first = folder / "00000.png"
    first.write_bytes(content)
    for number in range(count):
        path = folder / f"{number:05}.png"
        if number:
            os.link(first, path)
        path.with_suffix(".json").write_text(json.dumps(_recipe(name, number, content)))
    return folder


def _recipe(name: str, number: int, content: bytes) -> dict[str, object]:
    animal = LABELS[number % len(LABELS)]
    return {
        "schema": "inferloop.recipe/1",
        "image_id": f"{number:05}",
        "prompt": f"a {animal} in the snow",
        "negative_prompt": None,
        "parameters": {
            "model_id": "runwayml/stable-diffusion-v1-5",
            "width": SIDE_PX,
            "height": SIDE_PX,
            "num_inference_steps": 20,
            "guidance_scale": 7.5,
            "seed": number,
            "profile": None,
            "profile_strength": None,
            "lora": None,
            "guidance_rescale": None,
        },
        "served_model": "inferloop-fake",
        "revision": "fake",
        "noise_scheduler": "FakeScheduler",
        "created_at": f"2026-05-15T14:{number // 60 % 60:02}:{number % 60:02}+00:00",
        "pixel_sha256": "0" * 64,
        "dataset": name,
        "safety": {"policy": "off", "flagged": None},
        "library_versions": {},
        "notes": [],
        "guidance": {"scale": 7.5, "rescale": None},
        "labels": {"animal": animal},
        "metadata": {},
        "engine_s": 0.1,
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
    }
