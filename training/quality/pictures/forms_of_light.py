"""Forms of defects of a whole picture's light: exposure, contrast, color cast, too few levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from training.quality.pictures.form import Levels, Spoil, cut
from training.quality.pictures.gross_defects import jpeg

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels


def exposure(rng: Generator) -> tuple[Spoil, Levels]:
    """Over-exposure: a constant is added, or a power curve is applied."""
    if rng.random() < 0.6:
        return (lambda pixels, more: cut(pixels.astype(np.float32) + more)), (
            40,
            80,
            120,
            150,
            185,
        )
    return (lambda pixels, power: cut(255 * (pixels / 255.0) ** power)), (
        0.6,
        0.4,
        0.25,
        0.15,
        0.08,
    )


def darkness(rng: Generator) -> tuple[Spoil, Levels]:
    """Under-exposure: a constant is subtracted, or a power curve is applied."""
    if rng.random() < 0.5:
        return (lambda pixels, less: cut(pixels.astype(np.float32) - less)), (
            50,
            100,
            140,
            180,
            215,
        )
    return (lambda pixels, power: cut(255 * (pixels / 255.0) ** power)), (1.6, 2.4, 3.5, 5, 8)


def washed_out(rng: Generator) -> tuple[Spoil, Levels]:
    """Brightened by a power curve, as if a gamma curve was applied twice; half are saved as
    JPEG after it, which fills the gaps between the levels."""
    return _curve(rng), (0.8, 0.65, 0.52, 0.42, 0.35)


def darkened(rng: Generator) -> tuple[Spoil, Levels]:
    """The same, but darkened."""
    return _curve(rng), (1.3, 1.7, 2.2, 2.8, 3.5)


def brightened(rng: Generator) -> tuple[Spoil, Levels]:
    """`washed_out` by weaker curves."""
    return _curve(rng), (0.85, 0.72, 0.6, 0.52, 0.45)


def dimmed(rng: Generator) -> tuple[Spoil, Levels]:
    """`darkened` by weaker curves."""
    return _curve(rng), (1.2, 1.45, 1.7, 1.95, 2.2)


def _curve(rng: Generator) -> Spoil:
    is_saved = rng.random() < 0.5

    def spoil(pixels: Pixels, power: float) -> Pixels:
        curved = cut(255 * (pixels / 255.0) ** power)
        return jpeg(curved, 90) if is_saved else curved

    return spoil


def veil(rng: Generator) -> tuple[Spoil, Levels]:
    """Low contrast: blended with white, gray or black."""
    level = float(rng.choice([0, 128, 255]))
    return (lambda pixels, share: cut(pixels + share * (level - pixels.astype(np.float32)))), (
        0.3,
        0.5,
        0.7,
        0.85,
        0.94,
    )


def light_of_a_color(rng: Generator) -> tuple[Spoil, Levels]:
    """Color cast: channels are multiplied by factors, or the picture is blended with a color."""
    color = rng.permutation([1.0, float(rng.uniform(0, 1)), 0.0]).astype(np.float32)
    if rng.random() < 0.5:
        return (lambda pixels, share: cut(pixels * (1 - share * (1 - color)))), (
            0.15,
            0.3,
            0.5,
            0.7,
            0.92,
        )
    return (lambda pixels, share: cut(pixels * (1 - share) + share * 200 * color)), (
        0.1,
        0.2,
        0.35,
        0.5,
        0.7,
    )


def posterized(rng: Generator) -> tuple[Spoil, Levels]:
    """Posterized: few levels of luma or of each channel, or few colors."""
    how = str(rng.choice(["luma", "channels", "colors"]))

    def spoil(pixels: Pixels, levels: float) -> Pixels:
        if how == "colors":
            picture = Image.fromarray(pixels).quantize(int(2 * levels), dither=Image.Dither.NONE)
            return np.asarray(picture.convert("RGB"))
        step = 255 / (levels - 1)
        if how == "channels":
            return cut(np.rint(pixels / step) * step)
        planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
        planes[..., 0] = cut(np.rint(planes[..., 0] / step) * step)
        return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB), np.uint8)

    return spoil, (20, 12, 8, 5, 3)
