"""Finds images of a class that look like an image that the class already has."""

from __future__ import annotations

from itertools import pairwise

Hashes = tuple[int, int]
"""Perceptual hashes of an image and of its mirror image, 64 bits each."""

_BITS = 64


class Gallery:
    """The hashes of the accepted images.

    Two images look alike if the hash of one, or of its mirror image, differs from the hash of the
    other in fewer than `min_distance` bits (1 to 64). The search is exact: if a hash is cut into
    d + 1 parts, two hashes that differ in at most d bits are equal in at least one part. So only
    images with an equal part have to be compared.
    """

    def __init__(self, min_distance: int) -> None:
        self._min_distance = min_distance
        parts = min(min_distance, _BITS)
        edges = [_BITS * number // parts for number in range(parts + 1)]
        self._parts = [(low, (1 << (high - low)) - 1) for low, high in pairwise(edges)]
        self._by_part: dict[tuple[int, int], list[int]] = {}

    def holds_like(self, hashes: Hashes) -> bool:
        """Whether an accepted image looks like the one with these hashes."""
        return any(
            (taken ^ each).bit_count() < self._min_distance
            for each in hashes
            for key in self._keys(each)
            for taken in self._by_part.get(key, ())
        )

    def add(self, hashes: Hashes) -> None:
        """Accept an image. Only its own hash is kept, because `holds_like` compares both hashes of
        a new image."""
        for key in self._keys(hashes[0]):
            self._by_part.setdefault(key, []).append(hashes[0])

    def _keys(self, value: int) -> list[tuple[int, int]]:
        return [(low, value >> low & mask) for low, mask in self._parts]
