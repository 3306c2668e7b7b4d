"""Tone: brightness, contrast, clipping and entropy, all read off the 256-bin histogram."""

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
    """All fields 0..1 except `entropy_bits`; levels are divided by 255."""

    brightness: float
    """Mean."""
    p1: float
    p5: float
    p95: float
    p99: float
    top: float
    """99.9th percentile: the white that the image uses."""
    lights: float
    """99.98th percentile: its lights, however small; a night sky has few."""
    blown: float
    """Share of pixels at 252 or above."""
    crushed: float
    """Share of pixels at 3 or below."""
    entropy_bits: float
    """Shannon entropy of the histogram, 0..8 bits."""

    @property
    def contrast(self) -> float:
        """P95 - P5: the range that all but the extreme tenth of the pixels uses."""
        return self.p95 - self.p5

    @property
    def span(self) -> float:
        """P99 - P1."""
        return self.p99 - self.p1


def histogram(gray: Gray, shown: Gray | None = None) -> Histogram:
    """Shares of the 256 levels, of the part where `shown` is not 0, which must not be empty."""
    counts = cv2.calcHist([gray], [0], shown, [256], [0, 256]).ravel()
    return np.asarray(counts, np.float64) / counts.sum()


def tone(shares: Histogram) -> Tone:
    """Every statistic of the histogram at once."""
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
