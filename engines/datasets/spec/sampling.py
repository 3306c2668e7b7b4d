"""Choices that follow from a seed, one by one: the same ones whatever else is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from engines.datasets.spec.seeds import derived
from engines.types.limits import MAX_SEED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draws:
    """The chance of one item. `root` is what makes it differ from all others."""

    root: tuple[object, ...]

    def share(self, name: str) -> float:
        """Uniform in [0, 1), by the name of what is chosen."""
        return derived(*self.root, name) / (MAX_SEED + 1)

    def pick(self, name: str, values: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the values, by their weights."""
        if weights is None:
            return values[int(self.share(name) * len(values))]
        bounds = list(accumulate(weights))
        at = self.share(name) * bounds[-1]
        return next((v for v, bound in zip(values, bounds, strict=True) if at < bound), values[-1])

    def between(self, name: str, low: float, high: float, step: float | None) -> float:
        """Uniform from `low` to `high`; with a step only `low` and whole steps from there."""
        if step is None:
            return low + self.share(name) * (high - low)
        count = int((high - low) // step) + 1
        return low + int(self.share(name) * count) * step
