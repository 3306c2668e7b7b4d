"""Finds near-duplicates: images that are so similar that one of them is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.evidence.statistics.rows import BLOCK, Rows, blocks, squared_distances
from engines.protocols import StopCheck, never_stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HASH_BITS = 6
"""Most bits, of 64, in which the hashes of near-duplicates differ. Hashes of unrelated images
differ in about 32 bits (in 18 or more for 4,005 pairs of unrelated photographs)."""
KEPT_PAIRS = 50
_FEWEST_BITS, _MOST_BITS = 8, 56
"""Hashes with fewer or more one bits are not compared. They come from nearly blank images, whose
hashes are all similar."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """The rule for near-duplicates. One of these must be true:

    - the distance of their features is at most `feature_distance`;
    - their hashes (one may be mirrored) differ in at most `hash_bits` bits, and the distance of
      their features, if there are any, is at most `hash_feature_distance`.
    """

    feature_distance: float = 0.0
    hash_feature_distance: float = 2.0
    hash_bits: int = HASH_BITS


@dataclass(frozen=True, slots=True)
class Hashes:
    """Perceptual hashes, uint64 (n,), of images (`own`) and of their mirror images (`mirror`)."""

    own: NDArray[np.uint64]
    mirror: NDArray[np.uint64]

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, int]]) -> Hashes:
        """From pairs of hashes: of an image and of its mirror image."""
        values = np.array(pairs, dtype=np.uint64).reshape(-1, 2)
        return cls(values[:, 0].copy(), values[:, 1].copy())

    def __len__(self) -> int:
        return len(self.own)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two near-duplicates, by their positions. `bits`: number of bits in which their hashes differ
    (of the mirror image if it is nearer). `distance`: of their features; None without features."""

    left: int
    right: int
    bits: int
    mirrored: bool
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The result. `labels`, int64 (n,): for each image the lowest position in its cluster, or its
    own position if it is alone."""

    labels: NDArray[np.int64]
    pairs: tuple[Pair, ...]
    """The most similar pairs, at most `kept_pairs`."""

    def clusters(self) -> list[NDArray[np.int64]]:
        """The positions of the images of each cluster, int64 (images,). Clusters of at least two
        images, the largest first."""
        order = np.argsort(self.labels, kind="stable")
        ordered = self.labels[order]
        borders = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        groups = np.split(order, borders)
        return sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), int(g[0])))


def find_clusters(
    hashes: Hashes,
    features: Rows | None = None,
    nearness: Nearness | None = None,
    stop: StopCheck = never_stopped,
    block: int = BLOCK,
    kept_pairs: int = KEPT_PAIRS,
) -> Found:
    """Find clusters by comparing all pairs, in blocks: n^2 / 2 comparisons.

    Images that are connected by a chain of near-duplicates form one cluster (single linkage).
    Memory: two blocks of features and one block of distances, for any n.
    """
    nearness = nearness or Nearness()
    parents = np.arange(len(hashes), dtype=np.int64)
    pairs: list[Pair] = []
    telling = _telling(hashes.own)
    for start, end in blocks(len(hashes), block):
        left = features.part(start, end) if features is not None else None
        for first, last in blocks(len(hashes), block):
            if last <= start:
                continue
            stop()
            right = features.part(first, last) if features is not None else None
            compared = _Block(hashes, telling, slice(start, end), slice(first, last), left, right)
            rows, columns = compared.near(nearness)
            _connect(parents, rows + start, columns + first)
            pairs = _closest([*pairs, *compared.pairs(rows, columns, kept_pairs)], kept_pairs)
    return Found(_roots(parents, np.arange(len(parents))), tuple(pairs))


class _Block:
    """A block of comparisons."""

    def __init__(
        self,
        hashes: Hashes,
        telling: NDArray[np.bool_],
        rows: slice,
        columns: slice,
        left: NDArray[np.float32] | None,
        right: NDArray[np.float32] | None,
    ) -> None:
        self._rows, self._columns = rows, columns
        own = hashes.own[rows, None]
        self._straight = np.bitwise_count(own ^ hashes.own[None, columns])
        self._flipped = np.bitwise_count(own ^ hashes.mirror[None, columns])
        self._telling = telling[rows, None] & telling[None, columns]
        self._squares = None
        if left is not None and right is not None:
            self._squares = squared_distances(left, right)

    def near(self, nearness: Nearness) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns of the near-duplicates above the diagonal, int64 (pairs,) each."""
        bits = np.minimum(self._straight, self._flipped)
        near = (bits <= nearness.hash_bits) & self._telling
        if self._squares is not None:
            near &= self._squares <= nearness.hash_feature_distance**2
            near |= self._squares <= nearness.feature_distance**2
        offset = self._rows.start - self._columns.start
        if offset + near.shape[0] > 0:  # the diagonal passes through
            near &= np.arange(near.shape[0])[:, None] + offset < np.arange(near.shape[1])
        rows, columns = np.nonzero(near)
        return rows.astype(np.int64), columns.astype(np.int64)

    def pairs(self, rows: NDArray[np.int64], columns: NDArray[np.int64], kept: int) -> list[Pair]:
        """The `kept` most similar of these pairs. A limit is needed: if all images are alike, every
        pair is a near-duplicate."""
        bits = np.minimum(self._straight, self._flipped)[rows, columns]
        closest = np.argsort(bits, kind="stable")[:kept]
        found = []
        for i, j in zip(rows[closest].tolist(), columns[closest].tolist(), strict=True):
            mirrored = bool(self._flipped[i, j] < self._straight[i, j])
            least = int(min(self._flipped[i, j], self._straight[i, j]))
            far = None if self._squares is None else float(np.sqrt(self._squares[i, j]))
            left, right = i + self._rows.start, j + self._columns.start
            found.append(Pair(left, right, least, mirrored, far))
        return found


def _closest(pairs: list[Pair], kept: int) -> list[Pair]:
    return sorted(pairs, key=lambda p: (p.distance or 0.0, p.bits, p.left, p.right))[:kept]


def _telling(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    ones = np.bitwise_count(hashes)
    return (ones >= _FEWEST_BITS) & (ones <= _MOST_BITS)


def _connect(parents: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    """Union-find (Galler and Fischer 1964) for many pairs at once, in place. In each round, every
    root that is paired with a lower root gets it as its parent."""
    while len(left):
        left, right = _roots(parents, left), _roots(parents, right)
        apart = left != right
        left, right = left[apart], right[apart]
        np.minimum.at(parents, np.maximum(left, right), np.minimum(left, right))


def _roots(parents: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    found = parents[positions]
    while not np.array_equal(above := parents[found], found):
        found = above
    return found
