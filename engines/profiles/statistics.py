"""Statistics of many images, computed image by image, which can be merged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from engines.metrics.phash import phash64
from engines.profiles.dominant import dominant_colors
from engines.profiles.measures import ImageMeasures, measure
from engines.types.metric_names import with_present_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from engines.errors import JsonValue
    from engines.types import Pixels


@dataclass(slots=True)
class Moments:
    """Count, mean and sum of squared deviations (Welford 1962; merge: Chan et al. 1979)."""

    count: float = 0.0
    mean: float = 0.0
    m2: float = 0.0

    def add(self, value: float) -> None:
        """Add one value."""
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self.m2 += delta * (value - self.mean)

    def merge(self, other: Moments, weight: float = 1.0) -> None:
        """Add the values of `other`, each counted `weight` times."""
        count = other.count * weight
        total = self.count + count
        if total == 0:
            return
        delta = other.mean - self.mean
        self.m2 += other.m2 * weight + delta * delta * self.count * count / total
        self.mean += delta * count / total
        self.count = total

    @property
    def deviation(self) -> float:
        """Population standard deviation."""
        return float(np.sqrt(self.m2 / self.count)) if self.count else 0.0


class ProfileBuilder:
    """Collects the statistics of images, which may be added in any order. Builders from several
    machines can be merged."""

    def __init__(self, keep_hashes: bool = False) -> None:
        """`keep_hashes`: also keep the perceptual hash of every image, for finding near-duplicates.
        A picture cannot be reconstructed from its hash."""
        self.sample_count = 0
        self.hashes: list[int] | None = [] if keep_hashes else None
        self._moments: dict[str, Moments] = {}
        self._histograms: dict[str, NDArray[np.float64]] = {}
        self._weight = 0.0

    def add(self, pixels: Pixels) -> None:
        """Add RGB uint8 `pixels` (height, width, 3)."""
        self.add_measures(measure(pixels))
        if self.hashes is not None:
            self.hashes.append(phash64(pixels))

    def add_measures(self, found: ImageMeasures) -> None:
        """Add an image by its measures."""
        self.sample_count += 1
        for name, value in found.scalars.items():
            self._moments.setdefault(name, Moments()).add(value)
        self._blend(found.histograms, 1.0)

    def merge(self, other: ProfileBuilder, weight: float = 1.0) -> None:
        """Add the images of another builder.

        In means and histograms each of its images counts `weight` times; in `sample_count` once.

        Raises:
            ValueError: `weight` is not above 0 and finite.
        """
        if not 0 < weight < math.inf:
            raise ValueError(f"weight must be above 0 and finite, not {weight}")
        self.sample_count += other.sample_count
        if self.hashes is not None:
            self.hashes.extend(other.hashes or ())
        for name, moments in other._moments.items():
            self._moments.setdefault(name, Moments()).merge(moments, weight)
        self._blend(other._histograms, other._weight * weight)

    def _blend(self, histograms: Mapping[str, NDArray[np.float64]], weight: float) -> None:
        total = self._weight + weight
        for name, shares in histograms.items():
            held = self._histograms.get(name)
            mixed = shares if held is None else (held * self._weight + shares * weight) / total
            self._histograms[name] = mixed
        self._weight = total

    def statistics(self) -> dict[str, JsonValue]:
        """The `statistics` object of the API, described in docs/profiles.md. Needs at least one
        image."""
        mean = {name: moments.mean for name, moments in self._moments.items()}
        deviation = {name: moments.deviation for name, moments in self._moments.items()}
        colors = ("red", "green", "blue")
        return {
            "color_distribution": {
                **{f"{name}_mean": mean[name] for name in colors},
                **{f"{name}_std": deviation[name] for name in colors},
            },
            "brightness_mean": mean["brightness"],
            "contrast_mean": mean["contrast"],
            "resolution": {
                "width_mean": round(mean["width"]),
                "height_mean": round(mean["height"]),
                "width_std": deviation["width"],
                "height_std": deviation["height"],
            },
            "means": cast("JsonValue", mean),
            "deviations": cast("JsonValue", deviation),
            "histograms": {
                name: [round(float(share), 6) for share in shares]
                for name, shares in self._histograms.items()
                if name != "lab"
            },
            "dominant_colors": dominant_colors(self._histograms["lab"]),
        }

    def state(self) -> dict[str, JsonValue]:
        """The builder's state as JSON, for `from_state`."""
        return {
            "sample_count": self.sample_count,
            "weight": self._weight,
            "moments": {n: [m.count, m.mean, m.m2] for n, m in self._moments.items()},
            "histograms": {n: [float(v) for v in h] for n, h in self._histograms.items()},
            **({} if self.hashes is None else {"hashes": [f"{h:016x}" for h in self.hashes]}),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, JsonValue]) -> ProfileBuilder:
        """A builder with the state that `state` returned, to which images can be added."""
        builder = cls()
        if "hashes" in state:
            builder.hashes = [int(value, 16) for value in cast("list[str]", state["hashes"])]
        builder.sample_count = int(cast("int", state["sample_count"]))
        builder._weight = float(cast("float", state["weight"]))
        moments = cast("dict[str, list[float]]", state["moments"])
        named = with_present_names(moments)
        builder._moments = {name: Moments(*values) for name, values in named.items()}
        histograms = cast("dict[str, list[float]]", state["histograms"])
        builder._histograms = {name: np.array(values) for name, values in histograms.items()}
        return builder
