"""Measure one image for a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.color import colorfulness
from engines.metrics.gray import luma, shrunk
from engines.metrics.measurement import Measurement
from engines.metrics.measurement import measure as measure_quality
from engines.metrics.sharpness import sharpness_index
from engines.metrics.structure import edge_density

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

MEASURED_SIDE_PX = 512
"""Larger images are scaled down to this long side first, so that the statistics describe what a
viewer sees and hardly depend on the resolution."""
HISTOGRAM_BINS = 32
LAB_BINS = 12
"""Bins per axis of the three-dimensional CIELAB histogram, from which dominant colors are found."""


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """Scalar statistics by name, and histograms by name, whose values are shares that sum to 1."""

    scalars: dict[str, float]
    histograms: dict[str, NDArray[np.float64]]


def measure(pixels: Pixels) -> ImageMeasures:
    """Measure RGB uint8 `pixels` (height, width, 3). Definitions in docs/profiles.md."""
    height, width = pixels.shape[:2]
    small = _shrunk_color(pixels)
    gray = shrunk(luma(pixels))
    lab = lab_of(small)
    hue, saturation = _hue_and_saturation(small)
    scalars = {
        **_channel_scalars(small),
        **_lab_scalars(lab),
        **_tone_scalars(measure_quality(pixels)),
        "edge_density": edge_density(gray),
        "colorfulness": colorfulness(small),
        "saturation": float(saturation.mean()),
        "width": float(width),
        "height": float(height),
        "aspect": width / height,
    }
    histograms = {
        "red": _histogram(small[..., 0] / 255),
        "green": _histogram(small[..., 1] / 255),
        "blue": _histogram(small[..., 2] / 255),
        "brightness": _histogram(gray / 255),
        "saturation": _histogram(saturation),
        "hue": _histogram(hue, weights=saturation),
        "lab": _lab_histogram(lab),
    }
    return ImageMeasures(scalars, histograms)


def lab_of(pixels: Pixels) -> NDArray[np.float32]:
    """CIELAB (D65) of RGB pixels, uint8 (height, width, 3): float32 of the same shape with L
    0..100 and a, b about -127..127."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def _shrunk_color(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = MEASURED_SIDE_PX / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _channel_scalars(pixels: Pixels) -> dict[str, float]:
    means = pixels.reshape(-1, 3).mean(axis=0) / 255
    return {name: float(value) for name, value in zip(("red", "green", "blue"), means, strict=True)}


def _lab_scalars(lab: NDArray[np.float32]) -> dict[str, float]:
    flat = lab.reshape(-1, 3)
    found = {}
    for name, mean, deviation in zip("lab", flat.mean(axis=0), flat.std(axis=0), strict=True):
        found[f"lab_{name}"] = float(mean)
        found[f"lab_{name}_spread"] = float(deviation)
    return found


def _tone_scalars(seen: Measurement) -> dict[str, float]:
    """Statistics defined as in the quality validator (docs/metrics.md)."""
    return {
        "brightness": seen.clipped_tone.brightness,
        "contrast": seen.tone.contrast,
        "entropy": seen.clipped_tone.entropy_bits,
        "noise": seen.noise,
        "sharpness": sharpness_index(seen.laplacian_variance),
    }


def _hue_and_saturation(pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hsv = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    return np.asarray(hsv[..., 0] / 360, np.float64), np.asarray(hsv[..., 1], np.float64)


def _histogram(
    values: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    counts, _ = np.histogram(values, HISTOGRAM_BINS, (0.0, 1.0), weights=weights)
    total = counts.sum()
    return counts / total if total else np.full(HISTOGRAM_BINS, 1 / HISTOGRAM_BINS)


def _lab_histogram(lab: NDArray[np.float32]) -> NDArray[np.float64]:
    least, most = np.array([0, -100, -100]), np.array([100, 100, 100])
    inside = np.clip(lab.reshape(-1, 3), least, most)  # pure blue has b = -108
    counts, _ = np.histogramdd(inside, bins=LAB_BINS, range=list(zip(least, most, strict=True)))
    return np.asarray(counts.ravel() / max(counts.sum(), 1))
