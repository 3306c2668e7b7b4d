"""Are the images like the real ones (density), and is everything real among them (coverage).

Salvy, Talbot, Thirion, "Enhanced Generative Model Evaluation with Clipped Density and Coverage",
arXiv 2507.01761 (2025), after Naeem et al., "Reliable Fidelity and Diversity Metrics", ICML 2020;
recall: Kynkäänniemi et al., "Improved Precision and Recall Metric", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
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
_MOST_PARTS = 4


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
      n - 1 order statistics; so the expectation is known exactly, and is inverted for g / n.
      It is computed on equal numbers, n = m: of the larger side, the mean over parts of the
      smaller one's size (at most four). With few made images no ball is full, and so many in one
      place count as much as the same number spread; with many, each ball that is missed weighs
      more than its share. A kind of image with fewer than about 2 k real ones (of n) is not seen
      when it is missing: the balls of its few images reach into other kinds.
    - recall: share of x_i within the k-th neighbor's distance of some s.

    Raises:
        ValueError: too few rows.
    """
    if min(len(real), len(made)) < max(FEWEST, k + 1):
        raise ValueError(f"at least {max(FEWEST, k + 1)} vectors on either side")
    radii = _radii(real, k, stop)
    clipped = np.minimum(radii, np.median(radii))
    made_counts = _inside(real, made, clipped, stop)
    own_counts = _inside(real, real, clipped, stop)
    usual = _share(own_counts - 1, k)  # without itself
    density = min(_share(made_counts, k) / usual, 1.0) if usual > 0 else 0.0
    found = _inside(made, real, _radii(made, k, stop), stop)
    return Fidelity(density, _coverage(real, made, k, stop), float(np.mean(found > 0)))


def _coverage(
    real: NDArray[np.float32], made: NDArray[np.float32], k: int, stop: StopCheck
) -> float:
    size = min(len(real), len(made))
    shares = []
    for number in range(min(_MOST_PARTS, max(len(real), len(made)) // size)):
        some, others = _part(real, size, number), _part(made, size, number)
        shares.append(_share(_held(some, others, _radii(some, k, stop), stop), k))
    return _good_share(float(np.mean(shares)), size, k)


def _part(vectors: NDArray[np.float32], size: int, number: int) -> NDArray[np.float32]:
    """The part of that number, none overlapping another; all, where there are no more."""
    if len(vectors) == size:
        return vectors
    order = np.random.default_rng(0).permutation(len(vectors))
    return vectors[np.sort(order[number * size : (number + 1) * size])]


def _radii(vectors: NDArray[np.float32], k: int, stop: StopCheck) -> NDArray[np.float32]:
    rows = ArrayRows(vectors)
    found: NDArray[np.float32] = nearest(rows, rows, k, same=True, stop=stop).distances[:, -1]
    return found


def _inside(
    centers: NDArray[np.float32],
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    stop: StopCheck,
) -> NDArray[np.int64]:
    """Balls that each point lies in."""
    inside = np.zeros(len(points), dtype=np.int64)
    for _, part, within in _within(centers, points, radii, stop):
        inside[part] += within.sum(axis=0)
    return inside


def _held(
    centers: NDArray[np.float32],
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    stop: StopCheck,
) -> NDArray[np.int64]:
    """Points in each ball."""
    held = np.zeros(len(centers), dtype=np.int64)
    for balls, _, within in _within(centers, points, radii, stop):
        held[balls] += within.sum(axis=1)
    return held


def _within(
    centers: NDArray[np.float32],
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    stop: StopCheck,
) -> Iterator[tuple[slice, slice, NDArray[np.bool_]]]:
    """Block by block: some balls, some points, and which of those lie in which."""
    for start, end in blocks(len(centers)):
        for first, last in blocks(len(points)):
            stop()
            distances = np.sqrt(squared_distances(centers[start:end], points[first:last]))
            yield slice(start, end), slice(first, last), distances <= _reach(radii[start:end])


def _reach(radii: NDArray[np.float32]) -> NDArray[np.float32]:
    """A hair more: the neighbor that gave the radius lies in the ball, however it was rounded."""
    return radii[:, None] * np.float32(1 + 1e-5) + np.float32(1e-6)


def _share(counts: NDArray[np.int64], k: int) -> float:
    return float(np.minimum(counts / k, 1.0).mean())


def _good_share(value: float, size: int, k: int) -> float:
    """The share of good images whose expected clipped coverage is `value`, by bisection."""
    low, high = 0.0, float(size)
    if value >= clipped_mean(k, high, k, size - k):
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if clipped_mean(k, middle, k, size - k) < value:
            low = middle
        else:
            high = middle
    return low / size
