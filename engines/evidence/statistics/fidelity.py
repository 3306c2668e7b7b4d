"""Are the images like the real ones (density), and is everything real among them (coverage).

Salvy, Talbot, Thirion, "Enhanced Generative Model Evaluation with Clipped Density and Coverage",
arXiv 2507.01761 (2025), after Naeem et al., "Reliable Fidelity and Diversity Metrics", ICML 2020;
recall: Kynkäänniemi et al., "Improved Precision and Recall Metric", NeurIPS 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.evidence.statistics.beta_binomial import clipped_mean
from engines.evidence.statistics.rows import ArrayRows, blocks, nearest, squared_distances
from engines.protocols import StopCheck, never_stopped

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBORS = 5
"""k of the balls, as in the papers."""
FEWEST = 4 * NEIGHBORS
"""Below so many vectors on either side the figures say nothing."""
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Fidelity:
    """All 0..1. A value of 0.8 reads: as if 80 % of the images were good and the rest useless."""

    clipped_density: float
    clipped_coverage: float
    recall: float


def fidelity(
    real: NDArray[np.float32],
    made: NDArray[np.float32],
    k: int = NEIGHBORS,
    stop: StopCheck = never_stopped,
) -> Fidelity:
    """All three of `real` (n, d) and `made` (m, d), float32, at least `FEWEST` rows each.

    With r_i the distance of real x_i to its k-th nearest real neighbor:
    - density: mean over made s of min(1, #{i: |s - x_i| <= min(r_i, median r)} / k), over the same
      figure of the real vectors themselves, at most 1. The two clippings keep outliers among the
      real ones from swallowing bad images.
    - coverage: mean over i of min(1, #{s: |s - x_i| <= r_i} / k), turned into the share of good
      images that would give it. For g good ones of the same distribution the count in a ball is
      beta-binomial with shapes (k, n - k), because the ball's probability is that of the k-th of
      n - 1 order statistics; so the expectation is known exactly, and is inverted for g / m.
    - recall: share of x_i within the k-th neighbor's distance of some s.

    Raises:
        ValueError: too few rows.
    """
    if min(len(real), len(made)) < max(FEWEST, k + 1):
        raise ValueError(f"at least {max(FEWEST, k + 1)} vectors on either side")
    radii = _radii(real, k, stop)
    clipped = np.minimum(radii, np.median(radii))
    made_counts, covered = _counts(real, made, clipped, radii, stop)
    own_counts, _ = _counts(real, real, clipped, radii, stop)
    usual = _share(own_counts - 1, k)  # without itself
    density = min(_share(made_counts, k) / usual, 1.0) if usual > 0 else 0.0
    coverage = _good_share(_share(covered, k), len(real), len(made), k)
    found, _ = _counts(made, real, _radii(made, k, stop), None, stop)
    return Fidelity(density, coverage, float(np.mean(found > 0)))


def _radii(vectors: NDArray[np.float32], k: int, stop: StopCheck) -> NDArray[np.float32]:
    rows = ArrayRows(vectors)
    found: NDArray[np.float32] = nearest(rows, rows, k, same=True, stop=stop).distances[:, -1]
    return found


def _counts(
    centers: NDArray[np.float32],
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    other_radii: NDArray[np.float32] | None,
    stop: StopCheck,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Balls of `radii` that each point lies in; points in each ball of `other_radii`."""
    inside = np.zeros(len(points), dtype=np.int64)
    held = np.zeros(len(centers), dtype=np.int64)
    for start, end in blocks(len(centers)):
        for first, last in blocks(len(points)):
            stop()
            distances = np.sqrt(squared_distances(centers[start:end], points[first:last]))
            inside[first:last] += (distances <= _reach(radii[start:end])).sum(axis=0)
            if other_radii is not None:
                held[start:end] += (distances <= _reach(other_radii[start:end])).sum(axis=1)
    return inside, held


def _reach(radii: NDArray[np.float32]) -> NDArray[np.float32]:
    """A hair more: the neighbor that gave the radius lies in the ball, however it was rounded."""
    return radii[:, None] * np.float32(1 + 1e-5) + np.float32(1e-6)


def _share(counts: NDArray[np.int64], k: int) -> float:
    return float(np.minimum(counts / k, 1.0).mean())


def _good_share(value: float, reals: int, made: int, k: int) -> float:
    """The share of good images whose expected clipped coverage is `value`, by bisection."""
    low, high = 0.0, float(made)
    if value >= clipped_mean(k, high, k, reals - k):
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if clipped_mean(k, middle, k, reals - k) < value:
            low = middle
        else:
            high = middle
    return low / made
