"""Draws the pictures of docs/metrics.md: `python -m benchmarks.validators.metric_pictures`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.validators.quality import score
from benchmarks.validators.quality_tables import judged
from engines.images import ImageLimits, decode, encode_jpeg
from engines.quality.config import ILLUSTRATION, PHOTO
from training.quality.pictures.distortions import DISTORTIONS
from training.quality.pictures.drawings import drawing
from training.quality.pictures.families import FAMILIES
from training.quality.pictures.forms import FORMS, LATER, OUT_OF_REGISTER
from training.quality.pictures.kinds import kinds

if TYPE_CHECKING:
    from engines.types import Pixels

TILE_PX = 128
_SMALL_PX, _ACROSS = 112, 10
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
    seen = cv2.resize(photo, (512, 512), interpolation=cv2.INTER_AREA)
    _write("metrics_families.jpg", _families(np.asarray(seen, np.uint8)), quality=60)
    _write("metrics_forms.jpg", _forms(np.asarray(seen, np.uint8)), quality=50)
    drawings = [drawing(index) for index in range(1, 7)]
    captions = [f"{score(d, PHOTO):.2f} / {score(d, ILLUSTRATION):.2f}" for d in drawings]
    _write(
        "metrics_drawings.jpg",
        np.hstack([tile(*pair) for pair in zip(drawings, captions, strict=True)]),
    )


def _families(photo: Pixels) -> Pixels:
    """Every family of severe defects at its middle and its worst level, then every kind of good
    picture."""
    tiles = []
    for name, (spoil, levels) in FAMILIES.items():
        for level in (levels[len(levels) // 2], levels[-1]):
            spoiled = spoil(photo, level)
            tiles.append(_small(spoiled, f"{name} {judged(spoiled).score:.2f}"))
    for name, pictures in kinds([photo], side_px=512).items():
        tiles.append(_small(pictures[0], f"{name} {judged(pictures[0]).score:.2f}"))
    return _in_rows(tiles)


def _forms(photo: Pixels) -> Pixels:
    """Every other form of each family at its worst level, with two random seeds."""
    tiles = []
    for forms in (*FORMS.values(), *((form,) for _, form in (OUT_OF_REGISTER, *LATER))):
        for form in dict.fromkeys(forms):
            for seed in range(2):
                spoil, levels = form(np.random.default_rng(seed))
                spoiled = spoil(photo, levels[-1])
                name = form.__name__.replace("_", " ")
                tiles.append(_small(spoiled, f"{name} {judged(spoiled).score:.2f}"))
    return _in_rows(tiles)


def _in_rows(tiles: list[Pixels]) -> Pixels:
    tiles = [*tiles, *[np.full_like(tiles[0], 255)] * (-len(tiles) % _ACROSS)]
    rows = (tiles[start : start + _ACROSS] for start in range(0, len(tiles), _ACROSS))
    return np.vstack([np.hstack(row) for row in rows])


def _small(pixels: Pixels, caption: str) -> Pixels:
    side = min(pixels.shape[:2])
    middle = pixels[:side, (pixels.shape[1] - side) // 2 :][:, :side]
    return tile(np.ascontiguousarray(middle), caption, _SMALL_PX)


def tile(pixels: Pixels, caption: str, side_px: int = TILE_PX) -> Pixels:
    """A square thumbnail with a caption under it."""
    side = min(pixels.shape[:2])
    small = cv2.resize(pixels[:side, :side], (side_px, side_px), interpolation=cv2.INTER_AREA)
    strip = np.full((_CAPTION_PX, side_px, 3), 255, np.uint8)
    cv2.putText(strip, caption, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.33, _INK, 1, cv2.LINE_AA)
    return np.vstack([small, strip])


def _write(name: str, pixels: Pixels, quality: int = 80) -> None:
    _TARGET.mkdir(parents=True, exist_ok=True)
    (_TARGET / name).write_bytes(encode_jpeg(pixels, quality))


if __name__ == "__main__":
    main()
