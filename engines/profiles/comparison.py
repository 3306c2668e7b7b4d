"""Distances between the statistics of two profiles. Defined in docs/profiles.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from engines.types import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.errors import JsonValue

COMPARED_MEANS = (
    "brightness",
    "contrast",
    "colorfulness",
    "saturation",
    "entropy",
    "edge_density",
    "noise",
    "sharpness",
    "aspect",
)
LEAST_DEVIATION = {
    "brightness": 0.02,
    "contrast": 0.02,
    "colorfulness": 2.0,
    "saturation": 0.02,
    "entropy": 0.1,
    "edge_density": 0.01,
    "noise": 0.002,
    "sharpness": 2.0,
    "aspect": 0.05,
}
"""Smallest standard deviation by which a difference is divided, in the statistic's unit: smaller
differences are not visible."""
HISTOGRAM_SCALE = 0.1
"""A Wasserstein distance of a tenth of the range counts as much as one standard deviation."""


def compare(
    left: Mapping[str, JsonValue], right: Mapping[str, JsonValue], names: tuple[str, str]
) -> Comparison:
    """The distance of each statistic, and `conformance` = 100 * mean(exp(-d)) over all of them.

    d is the difference of means in standard deviations, or a histogram's Wasserstein distance
    divided by `HISTOGRAM_SCALE`. `names`: of left and right, for the result.
    """
    distances: dict[str, float] = {}
    closeness: list[float] = []
    for name in COMPARED_MEANS:
        distance = _standardized_difference(left, right, name)
        distances[f"{name}_difference"] = round(distance, 4)
        closeness.append(float(np.exp(-distance)))
    shares = (_histograms(left), _histograms(right))
    for name in sorted(shares[0].keys() & shares[1].keys()):
        distance = wasserstein(shares[0][name], shares[1][name], circular=name == "hue")
        distances[f"{name}_wasserstein"] = round(distance, 4)
        closeness.append(float(np.exp(-distance / HISTOGRAM_SCALE)))
    return Comparison(round(100 * float(np.mean(closeness)), 1), distances, *names)


def wasserstein(left: list[float], right: list[float], circular: bool = False) -> float:
    """First Wasserstein distance of two histograms with the same bins, as a fraction of the range.

    `circular`: for values on a circle (hue), the median is subtracted from the cumulative
    difference (Rabin et al. 2011).
    """
    cumulative = np.cumsum(np.asarray(left) - np.asarray(right))
    if circular:
        cumulative = cumulative - np.median(cumulative)
    return float(np.abs(cumulative).mean())


def _standardized_difference(
    left: Mapping[str, JsonValue], right: Mapping[str, JsonValue], name: str
) -> float:
    def moments(side: Mapping[str, JsonValue]) -> tuple[float, float]:
        means = cast("Mapping[str, float]", side["means"])
        deviations = cast("Mapping[str, float]", side["deviations"])
        return means[name], deviations[name]

    (mean_l, dev_l), (mean_r, dev_r) = moments(left), moments(right)
    pooled = max(float(np.sqrt((dev_l**2 + dev_r**2) / 2)), LEAST_DEVIATION[name])
    return abs(mean_l - mean_r) / pooled


def _histograms(side: Mapping[str, JsonValue]) -> Mapping[str, list[float]]:
    return cast("Mapping[str, list[float]]", side["histograms"])
