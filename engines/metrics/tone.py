"""Brightness, contrast, clipping and entropy, computed from the histogram with 256 bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray

    Histogram = NDArray[np.float64]
    """Shares of the 256 gray levels, summing to 1."""

_BLOWN, _CRUSHED = 252, 3


@dataclass(frozen=True, slots=True)
class Tone:
    """Statistics of luma. Levels are divided by 255; `p1` to `p99` are percentiles."""

    brightness: float
    """Mean level, 0 to 1."""
    p1: float
    p5: float
    p95: float
    p99: float
    top: float
    """99.9th percentile: the brightest level that is used for an area."""
    lights: float
    """99.98th percentile: the level of small lights, such as stars."""
    blown: float
    """Share of pixels at 252 or above."""
    crushed: float
    """Share of pixels at 3 or below."""
    entropy_bits: float
    """Shannon entropy of the histogram, 0..8 bits."""

    @property
    def contrast(self) -> float:
        """P95 - P5: the range of the levels without the darkest and the brightest 5 %."""
        return self.p95 - self.p5

    @property
    def span(self) -> float:
        """P99 - P1: the range of the levels without the darkest and the brightest 1 %."""
        return self.p99 - self.p1


def histogram(gray: Gray, shown: Gray | None = None) -> Histogram:
    """Shares of the 256 levels of luma `gray`, uint8 (height, width); with `shown`, only of the
    pixels where it is not 0. There must be at least one."""
    counts = cv2.calcHist([gray], [0], shown, [256], [0, 256]).ravel()
    return np.asarray(counts, np.float64) / counts.sum()


def tone(shares: Histogram) -> Tone:
    """Compute all statistics from the histogram."""
    cumulative = np.cumsum(shares)
    cuts = np.searchsorted(cumulative, np.array([0.01, 0.05, 0.95, 0.99, 0.999, 0.9998]) - 1e-9)
    p1, p5, p95, p99, top, lights = (float(level) / 255 for level in np.minimum(cuts, 255))
    used = shares[shares > 0]
    return Tone(
        brightness=float(shares @ np.arange(256)) / 255,
        p1=p1,
        p5=p5,
        p95=p95,
        p99=p99,
        top=top,
        lights=lights,
        blown=float(shares[_BLOWN:].sum()),
        crushed=float(shares[: _CRUSHED + 1].sum()),
        entropy_bits=max(0.0, float(-(used * np.log2(used)).sum())),
    )
