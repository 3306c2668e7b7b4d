"""Random choices that are derived from a seed. Each depends on its own name, so that a new choice
does not change the others."""

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
    """The random choices of one item. `root` identifies the item: seed, class and number."""

    root: tuple[object, ...]

    def share(self, name: str) -> float:
        """A number in [0, 1), uniformly distributed over different names. The same name always
        gives the same number."""
        return derived(*self.root, name) / (MAX_SEED + 1)

    def pick(self, name: str, values: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the values. Its probability is proportional to its weight; without weights all are
        equal."""
        if weights is None:
            return values[int(self.share(name) * len(values))]
        bounds = list(accumulate(weights))
        at = self.share(name) * bounds[-1]
        return next((v for v, bound in zip(values, bounds, strict=True) if at < bound), values[-1])

    def between(self, name: str, low: float, high: float, step: float | None) -> float:
        """A number from `low` to `high`, uniformly distributed. With a `step` it is `low` plus a
        whole number of steps."""
        if step is None:
            return low + self.share(name) * (high - low)
        count = int((high - low) // step) + 1
        return low + int(self.share(name) * count) * step
