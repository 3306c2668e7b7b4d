"""Draws the pictures of docs/metrics.md: `python -m benchmarks.metric_pictures`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.distortions import DISTORTIONS
from benchmarks.drawings import drawing
from benchmarks.validators_quality import score
from engines.images import ImageLimits, decode, encode_jpeg
from engines.quality.config import ILLUSTRATION, PHOTO

if TYPE_CHECKING:
    from engines.types import Pixels

TILE_PX = 128
_CAPTION_PX = 16
_INK = (20, 20, 20)
_TARGET = Path("docs/img")


def main() -> None:
    import skimage.data

    photo = decode(
        Path(skimage.data.__file__).with_name("astronaut.png").read_bytes(), ImageLimits()
    ).pixels
    rows = []
    for name, (distort, levels) in DISTORTIONS.items():
        tiles = [tile(photo, f"{name}: {score(photo):.2f}")]
        for level in levels:
            spoiled = distort(photo, level)
            tiles.append(tile(spoiled, f"{level:g}: {score(spoiled):.2f}"))
        rows.append(np.hstack(tiles))
    _write("metrics_distortions.jpg", np.vstack(rows))
    drawings = [drawing(index) for index in range(1, 7)]
    captions = [f"{score(d, PHOTO):.2f} / {score(d, ILLUSTRATION):.2f}" for d in drawings]
    _write(
        "metrics_drawings.jpg",
        np.hstack([tile(*pair) for pair in zip(drawings, captions, strict=True)]),
    )


def tile(pixels: Pixels, caption: str) -> Pixels:
    """A square thumbnail with a caption under it."""
    side = min(pixels.shape[:2])
    small = cv2.resize(pixels[:side, :side], (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
    strip = np.full((_CAPTION_PX, TILE_PX, 3), 255, np.uint8)
    cv2.putText(strip, caption, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.33, _INK, 1, cv2.LINE_AA)
    return np.vstack([small, strip])


def _write(name: str, pixels: Pixels) -> None:
    _TARGET.mkdir(parents=True, exist_ok=True)
    (_TARGET / name).write_bytes(encode_jpeg(pixels, 80))


if __name__ == "__main__":
    main()
