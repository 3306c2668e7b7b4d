"""Bloom filters: sets of words in a few bits a word, for which a word that is not in the set is
now and then taken for one that is (Bloom 1970)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HASHES = 6


def holds(path: Path, word: str) -> bool:
    """Whether the filter in the file `path`, which `write` made, has the word. The file is read
    once in the life of the process."""
    bits = _read(path)
    return all(bits[place >> 3] >> (place & 7) & 1 for place in _places(word, 8 * len(bits)))


def write(path: Path, words: Iterable[str], size: int) -> None:
    """Write a filter of the words with `size` bits, a power of two. With 8 bits a word about 2 in
    100 other words are taken for one of them, with 16 bits 2 in 1,000, with 32 bits 2 in 100,000.
    """
    bits = np.zeros(size // 8, dtype=np.uint8)
    for word in words:
        for place in _places(word, size):
            bits[place >> 3] |= 1 << (place & 7)
    np.savez_compressed(path, bits=bits)


def _places(word: str, size: int) -> Iterator[int]:
    """The bits of a word (Kirsch and Mitzenmacher 2006: two hashes make all)."""
    digest = blake2b(word.encode(), digest_size=8).digest()
    first, second = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big") | 1
    for count in range(_HASHES):
        yield (first + count * second) % size


@cache
def _read(path: Path) -> NDArray[np.uint8]:
    with np.load(path, allow_pickle=False) as file:
        bits: NDArray[np.uint8] = file["bits"]
        return bits
