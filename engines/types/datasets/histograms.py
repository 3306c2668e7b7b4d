"""Histograms with fixed bins, so that those of several shards can be added."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Self

from engines.types.frozen import FrozenModel

BINS = 20
RANGES: Mapping[str, tuple[float, float]] = {
    "quality_score": (0.0, 1.0),
    "privacy_score": (0.0, 100.0),
    "sharpness": (0.0, 100.0),
    "contrast": (0.0, 1.0),
    "brightness": (0.0, 1.0),
    "noise_level": (0.0, 0.25),
    "colorfulness": (0.0, 150.0),
    "entropy": (0.0, 8.0),
    "blockiness": (0.0, 2.0),
    "aspect": (0.0, 4.0),
}
"""Metric to the range of its bins; 0..1 for other metrics. Values outside the range are counted in
the first or last bin."""


class Histogram(FrozenModel):
    """Numbers of values in equal bins from `low` to `high`, with the sum (`total`), the smallest
    and the largest value."""

    low: float
    high: float
    counts: tuple[int, ...]
    total: float = 0.0
    least: float | None = None
    most: float | None = None

    @classmethod
    def empty(cls, metric: str) -> Self:
        """A histogram without values, with the range of the metric in `RANGES`."""
        low, high = RANGES.get(metric, (0.0, 1.0))
        return cls(low=low, high=high, counts=(0,) * BINS)

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Mean of all values; None if there are none."""
        return self.total / self.count if self.count else None

    def added(self, values: list[float]) -> Self:
        """A copy to which `values` are added, without NaN and infinite values."""
        values = [value for value in values if math.isfinite(value)]
        if not values:
            return self
        counts = list(self.counts)
        for value in values:
            counts[self._bin(value)] += 1
        update = {
            "counts": tuple(counts),
            "total": _finite(self.total + sum(values)),
            "least": min([*values, *_given(self.least)]),
            "most": max([*values, *_given(self.most)]),
        }
        return self.model_copy(update=update)

    def merged(self, other: Histogram) -> Self:
        """The sum of both. Raises `ValueError` if their bins differ."""
        if (self.low, self.high, len(self.counts)) != (other.low, other.high, len(other.counts)):
            raise ValueError("histograms with different bins cannot be added")
        least = [*_given(self.least), *_given(other.least)]
        most = [*_given(self.most), *_given(other.most)]
        update = {
            "counts": tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            "total": _finite(self.total + other.total),
            "least": min(least) if least else None,
            "most": max(most) if most else None,
        }
        return self.model_copy(update=update)

    def _bin(self, value: float) -> int:
        """Index of the bin of a finite value."""
        bins, inside = len(self.counts), min(max(value, self.low), self.high)
        # Multiply first: rounding errors could otherwise give 11.999 for 0.6 of 20 bins.
        return min(int((inside - self.low) * bins / (self.high - self.low)), bins - 1)


def _finite(total: float) -> float:
    """The number, limited to the range of finite floats, because JSON has no infinity."""
    return min(max(total, -sys.float_info.max), sys.float_info.max)


def _given(value: float | None) -> list[float]:
    return [] if value is None else [value]
