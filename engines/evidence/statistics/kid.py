"""Kernel Inception Distance (KID), with a confidence interval.

Binkowski et al., "Demystifying MMD GANs", ICLR 2018: an unbiased estimate of the squared maximum
mean discrepancy with the kernel (x.y / d + 1)^3. Its expected value is 0 if both sets have the same
distribution, so an estimate can be negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 2000
"""Most vectors of either side."""
REPEATS = 200


@dataclass(frozen=True, slots=True)
class Interval:
    """A value, and the interval that contains 95 % of its bootstrap repetitions."""

    value: float
    low: float
    high: float


def kid(
    real: NDArray[np.float32], made: NDArray[np.float32], repeats: int = REPEATS, seed: int = 0
) -> Interval:
    """KID of `real`, float32 (n, d), and `made`, float32 (m, d). Both are unit vectors, at least
    two and at most `MOST` of each.

    The vectors are treated as if their length were sqrt(d), so that x.y / d is their cosine. The
    bootstrap (Efron 1979) draws images with replacement. Pairs of an image with itself are left
    out, as the unbiased estimate requires. Memory: three matrices of 16 MiB each for 2,000 images.
    """
    within_real, within_made = _kernel(real, real), _kernel(made, made)
    np.fill_diagonal(within_real, 0)
    np.fill_diagonal(within_made, 0)
    across = _kernel(real, made)
    drawn = np.random.default_rng(seed)

    def estimate(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
        own = _mean_pair(within_real, left) + _mean_pair(within_made, right)
        both = float(left @ across @ right) / float(left.sum() * right.sum())
        return own - 2 * both

    value = estimate(np.ones(len(real), np.float32), np.ones(len(made), np.float32))
    found = [
        estimate(_weights(drawn, len(real)), _weights(drawn, len(made))) for _ in range(repeats)
    ]
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def _kernel(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = (left @ right.T + np.float32(1)) ** 3
    return found


def _mean_pair(kernel: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """Mean over pairs of different images. The diagonal of `kernel` must be zero."""
    pairs = float(weights.sum()) ** 2 - float((weights**2).sum())
    return float(weights @ kernel @ weights) / pairs if pairs > 0 else 0.0


def _weights(drawn: np.random.Generator, count: int) -> NDArray[np.float32]:
    return np.bincount(drawn.integers(count, size=count), minlength=count).astype(np.float32)
