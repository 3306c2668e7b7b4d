"""Feature vectors that may be larger than the memory, and distances between them in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engines.protocols import StopCheck, never_stopped

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 2048
"""Rows per block. A block of 2048 x 2048 distances takes 16 MiB."""


class Rows(Protocol):
    """Vectors, one per row, that are read in slices."""

    def __len__(self) -> int: ...

    def part(self, start: int, stop: int) -> NDArray[np.float32]:
        """Rows from `start` to before `stop`, float32 (rows, dimensions)."""


@dataclass(frozen=True, slots=True)
class ArrayRows:
    """`Rows` in memory, of any float type."""

    values: NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int, stop: int) -> NDArray[np.float32]:
        return np.asarray(self.values[start:stop], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Near:
    """The `k` nearest references of each query, the nearest first. If there are fewer than `k`, the
    rest is filled with -1 and infinity."""

    positions: NDArray[np.int64]
    """int64 (queries, k): row numbers of the references."""
    distances: NDArray[np.float32]
    """float32 (queries, k): Euclidean distances."""


def blocks(count: int, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Start and end of each block of `count` rows."""
    for start in range(0, count, size):
        yield start, min(start + size, count)


def squared_distances(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared Euclidean distance of each pair of rows, float32 (left, right), at least 0."""
    lengths = np.einsum("ij,ij->i", left, left)[:, None] + np.einsum("ij,ij->i", right, right)
    found: NDArray[np.float32] = np.maximum(lengths - 2 * (left @ right.T), 0)
    return found


def nearest(
    queries: Rows,
    references: Rows,
    k: int = 1,
    same: bool = False,
    stop: StopCheck = never_stopped,
    block: int = BLOCK,
) -> Near:
    """The exact `k` nearest references of every query.

    `same`: queries and references are the same rows, and a row is not its own neighbor. Memory: two
    blocks and the result, for any number of rows.
    """
    positions = np.full((len(queries), k), -1, dtype=np.int64)
    distances = np.full((len(queries), k), np.inf, dtype=np.float32)
    for start, end in blocks(len(queries), block):
        wanted = queries.part(start, end)
        for first, last in blocks(len(references), block):
            stop()
            found = squared_distances(wanted, references.part(first, last))
            if same and first == start:
                np.fill_diagonal(found, np.inf)
            _keep_nearest(positions[start:end], distances[start:end], found, first)
    return Near(positions, np.sqrt(distances))


def _keep_nearest(
    positions: NDArray[np.int64],
    distances: NDArray[np.float32],
    found: NDArray[np.float32],
    first: int,
) -> None:
    """Merge a block of squared distances into the nearest ones so far, in place."""
    k = positions.shape[1]
    few = min(k, found.shape[1])
    columns = np.argpartition(found, few - 1, axis=1)[:, :few]
    candidates = np.take_along_axis(found, columns, axis=1)
    values = np.concatenate([distances, candidates], axis=1)
    places = np.concatenate([positions, columns + first], axis=1)
    order = np.argsort(values, axis=1, kind="stable")[:, :k]
    distances[:] = np.take_along_axis(values, order, axis=1)
    positions[:] = np.take_along_axis(places, order, axis=1)
    positions[np.isinf(distances)] = -1


def sample(count: int, most: int, seed: int = 0) -> NDArray[np.int64]:
    """At most `most` random positions below `count`, int64, sorted. The same arguments give the
    same positions."""
    if count <= most:
        return np.arange(count)
    drawn = np.random.default_rng(seed).choice(count, most, replace=False)
    return np.sort(drawn)


def gathered(rows: Rows, positions: NDArray[np.int64], block: int = BLOCK) -> NDArray[np.float32]:
    """The rows at `positions`, which must be sorted, as one float32 array."""
    parts = []
    for start, end in blocks(len(rows), block):
        inside = positions[(positions >= start) & (positions < end)]
        if len(inside):
            parts.append(rows.part(start, end)[inside - start])
    return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)
