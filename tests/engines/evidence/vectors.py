"""Vectors of known distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


DIMENSIONS = 16


def normal(count: int, seed: int, center: float = 0.0, spread: float = 1.0) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(center, spread, (count, DIMENSIONS))
    return drawn.astype(np.float32)


def modes(count: int, seed: int, kept: int, of: int = 4) -> NDArray[np.float32]:
    """Points around the first `kept` of `of` distant centers, in turn."""
    points = normal(count, seed, spread=0.5)
    points[np.arange(count), np.arange(count) % kept] += 20
    assert kept <= of <= DIMENSIONS
    return points


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
