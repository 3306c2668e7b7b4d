"""Measures whether the images are like the real ones (density), and whether all kinds of real
images are among them (coverage).

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
"""The k of the k-th nearest neighbor, as in the papers."""
FEWEST = 4 * NEIGHBORS
"""Fewest vectors of either side for which the figures have a meaning."""
_HALVINGS = 60
_MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class Fidelity:
    """All values are 0..1. For example, 0.8 means: as if 80 % of the images were good, and the
    others of no use."""

    clipped_density: float
    clipped_coverage: float
    recall: float


def fidelity(
    real: NDArray[np.float32],
    made: NDArray[np.float32],
    k: int = NEIGHBORS,
    stop: StopCheck = never_stopped,
) -> Fidelity:
    """All three figures for `real`, float32 (n, d), and `made`, float32 (m, d).

    r_i is the distance of the real vector x_i to its k-th nearest real neighbor. The ball of x_i
    has this radius.

    - Density: the mean over all made s of min(1, #{i: |s - x_i| <= min(r_i, median r)} / k),
      divided by the same mean over the real vectors, at most 1. Both limits (the median and 1)
      prevent that bad images count as good because they are inside the large ball of an outlier.
    - Coverage: the mean over i of min(1, #{s: |s - x_i| <= r_i} / k), converted to the share of
      good images that would give this mean. For g good images of the same distribution, the number
      in a ball is beta-binomial with shape parameters (k, n - k), because the probability of the
      ball is that of the k-th of n - 1 order statistics. So the expected mean is known exactly, and
      is solved for g / n. Both sides need the same size, n = m. The larger side is therefore split
      into at most four parts of the smaller size, and the results are averaged. Without equal
      sizes, few made images would fill no ball, so that many images in one place would count as
      much as the same number everywhere; and with many made images, each missed ball would count
      too much. A kind of image with fewer than about 2 k real examples can be missing without being
      noticed, because the balls of these few examples reach into other kinds.
    - Recall: the share of x_i whose distance to some s is at most the distance of s to its k-th
      nearest made neighbor.

    Raises:
        ValueError: `real` or `made` has fewer than `FEWEST` rows, or fewer than k + 1.
    """
    if min(len(real), len(made)) < max(FEWEST, k + 1):
        raise ValueError(f"at least {max(FEWEST, k + 1)} vectors on either side")
    radii = _radii(real, k, stop)
    clipped = np.minimum(radii, np.median(radii))
    made_counts = _inside(real, made, clipped, stop)
    own_counts = _inside(real, real, clipped, stop)
    usual = _share(own_counts - 1, k)  # each real vector is inside its own ball
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
    """Part `number` of the vectors. Parts have `size` rows and do not overlap."""
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
    """For each point, the number of balls that contain it."""
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
    """For each ball, the number of points in it."""
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
    """For each block: which balls, which points, and a matrix (balls, points) that says which ball
    contains which point."""
    for start, end in blocks(len(centers)):
        for first, last in blocks(len(points)):
            stop()
            distances = np.sqrt(squared_distances(centers[start:end], points[first:last]))
            yield slice(start, end), slice(first, last), distances <= _reach(radii[start:end])


def _reach(radii: NDArray[np.float32]) -> NDArray[np.float32]:
    """Slightly larger radii, so that rounding cannot put the neighbor that defines a radius outside
    the ball."""
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
