"""Distributions that can be added up: fixed bins, so any number of shards is one small table."""

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
"""Range of a metric's bins; a metric that is not listed gets 0..1. What lies outside is counted
in the first or last bin."""


class Histogram(FrozenModel):
    """`counts` over equal bins from `low` to `high`; sums for the mean."""

    low: float
    high: float
    counts: tuple[int, ...]
    total: float = 0.0
    least: float | None = None
    most: float | None = None

    @classmethod
    def empty(cls, metric: str) -> Self:
        """No value yet, over the metric's own range; 0..1 for an unknown one."""
        low, high = RANGES.get(metric, (0.0, 1.0))
        return cls(low=low, high=high, counts=(0,) * BINS)

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """None where nothing was counted."""
        return self.total / self.count if self.count else None

    def added(self, values: list[float]) -> Self:
        """With `values` counted in; NaN and infinity are no measurements and are left out."""
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
        """The sum of both; they must have the same bins."""
        if (self.low, self.high, len(self.counts)) != (other.low, other.high, len(other.counts)):
            raise ValueError("histograms with different bins do not add up")
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
        """Position of the bin of a finite value."""
        bins, inside = len(self.counts), min(max(value, self.low), self.high)
        # Times before over: 0.6 of 20 bins is 12, and not 11.999.
        return min(int((inside - self.low) * bins / (self.high - self.low)), bins - 1)


def _finite(total: float) -> float:
    """The nearest number that JSON can hold."""
    return min(max(total, -sys.float_info.max), sys.float_info.max)


def _given(value: float | None) -> list[float]:
    return [] if value is None else [value]
