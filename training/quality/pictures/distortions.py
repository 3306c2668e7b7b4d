"""Seven distortions of a photograph, each in five growing levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.images import ImageLimits, decode, encode_jpeg
from training.quality.pictures.form import cut

if TYPE_CHECKING:
    from engines.types import Pixels

Distortion = Callable[["Pixels", float], "Pixels"]
_SEED = 20_261_123


def blur(pixels: Pixels, sigma_px: float) -> Pixels:
    """Gaussian blur. `sigma_px` is for a long side of 512 pixels, and is scaled for others."""
    sigma = sigma_px * max(pixels.shape[:2]) / 512
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma))


def gaussian_noise(pixels: Pixels, sigma: float) -> Pixels:
    """Independent Gaussian noise in every channel, `sigma` gray levels."""
    grain = np.random.default_rng(_SEED).normal(0, sigma, pixels.shape)
    return cut(pixels + grain)


def jpeg(pixels: Pixels, quality: float) -> Pixels:
    """Encoded as JPEG (4:2:0) and decoded."""
    return decode(encode_jpeg(pixels, int(quality)), ImageLimits()).pixels


def gain(pixels: Pixels, factor: float) -> Pixels:
    """Exposure: every value times `factor`, cut at 255."""
    return cut(pixels * float(factor))


def low_contrast(pixels: Pixels, factor: float) -> Pixels:
    """Less contrast: the difference of every value to the image's mean is multiplied by
    `factor`."""
    mean = pixels.mean()
    return cut(mean + (pixels - mean) * factor)


def salt_and_pepper(pixels: Pixels, share: float) -> Pixels:
    """`share` of the pixels, 0..1, become black or white."""
    rng = np.random.default_rng(_SEED)
    fate = rng.random(pixels.shape[:2])
    spoiled = pixels.copy()
    spoiled[fate < share] = 255
    spoiled[fate < share / 2] = 0
    return spoiled


DISTORTIONS: Mapping[str, tuple[Distortion, Sequence[float]]] = {
    "blur": (blur, (0.5, 1, 2, 4, 8)),
    "Gaussian noise": (gaussian_noise, (3, 7, 15, 30, 60)),
    "JPEG": (jpeg, (80, 50, 30, 15, 6)),
    "under-exposure": (gain, (0.7, 0.5, 0.3, 0.15, 0.06)),
    "over-exposure": (gain, (1.4, 2, 3, 5, 9)),
    "low contrast": (low_contrast, (0.7, 0.5, 0.3, 0.15, 0.05)),
    "salt and pepper": (salt_and_pepper, (0.002, 0.01, 0.03, 0.1, 0.3)),
}
