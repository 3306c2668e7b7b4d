"""Which images of a class look like one that is there already."""

from __future__ import annotations

from itertools import pairwise

Hashes = tuple[int, int]
"""Perceptual hash of an image and of its mirror, 64 bits each."""

_BITS = 64


class Gallery:
    """Hashes of the images that were taken. An image looks like another when its hash, or that of
    its mirror, differs in fewer than `min_distance` bits.

    Hashes that differ in at most d bits are equal in at least one of d + 1 parts (pigeonhole), so
    only images with an equal part are compared.
    """

    def __init__(self, min_distance: int) -> None:
        self._min_distance = min_distance
        parts = min(min_distance, _BITS)
        edges = [_BITS * number // parts for number in range(parts + 1)]
        self._parts = [(low, (1 << (high - low)) - 1) for low, high in pairwise(edges)]
        self._by_part: dict[tuple[int, int], list[int]] = {}

    def holds_like(self, hashes: Hashes) -> bool:
        """Whether an image like this one is there."""
        return any(
            (taken ^ each).bit_count() < self._min_distance
            for each in hashes
            for key in self._keys(each)
            for taken in self._by_part.get(key, ())
        )

    def add(self, hashes: Hashes) -> None:
        """Take an image; its mirror need not be kept, because both of a new one are compared."""
        for key in self._keys(hashes[0]):
            self._by_part.setdefault(key, []).append(hashes[0])

    def _keys(self, value: int) -> list[tuple[int, int]]:
        return [(low, value >> low & mask) for low, mask in self._parts]
