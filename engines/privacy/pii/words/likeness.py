"""How much a word resembles given names and surnames: two logistic regressions over the hashed
character n-grams of the word, trained by `training/names` (see data/README.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from engines.privacy.pii.words.surnames import is_surname

WEIGHTS = Path(__file__).parents[1] / "data" / "names.npz"
BUCKETS = 1 << 17
_LONGEST_GRAM = 5
_LONGEST = 24
_LISTED = 2.0
"""The least likeness of a surname that `surnames.toml` lists."""
_PARTS = re.compile("[-'’]")
_ARTICLES = frozenset(
    {"al", "el", "as", "ash", "an", "ar", "ul", "d", "dell", "dall", "l", "o", "n", "m"}
)
"""Before a hyphen or an apostrophe in a surname: Al-Farsi, Dell'Orto."""


class Likeness(NamedTuple):
    """Log odds, about -15 to 15, that a word is a given name or a surname; 0 is even."""

    given: float
    surname: float


@lru_cache(maxsize=1 << 14)
def likeness(word: str) -> Likeness:
    """The likeness of a word, in any case, with or without accents. Of a double surname, that of
    its less likely part counts if it is more than that of the whole."""
    whole = _likeness_of_word(word.lower())
    parts = [part for part in _PARTS.split(word.lower()) if part not in _ARTICLES]
    if _PARTS.search(word) is None or not parts or not all(parts):
        return whole
    least = min(_likeness_of_word(part).surname for part in parts)
    return Likeness(whole.given, max(whole.surname, least))


def _likeness_of_word(word: str) -> Likeness:
    weights, bias, scale = _model()
    sums = weights[list(buckets(word))].sum(axis=0, dtype=np.int32) * scale + bias
    surname = float(sums[1])
    if surname < _LISTED:
        surname = _LISTED if is_surname(word) else surname
    return Likeness(float(sums[0]), surname)


def likeness_of_name(words: str) -> float:
    """How much words resemble a given name followed by a surname: the sum of the likeness of the
    first and of the last one. About 90 % of full names are above -2, pairs of other words with a
    capital mostly below -4."""
    first, *_, last = words.split()
    return likeness(first).given + likeness(last).surname


def buckets(word: str) -> Iterator[int]:
    """The hashed n-grams of a word of lower case: those of 2 to 5 characters, with the word's ends
    marked, and the whole word."""
    marked = f"^{word[:_LONGEST]}$"
    for size in range(2, _LONGEST_GRAM + 1):
        for start in range(len(marked) - size + 1):
            yield crc32(marked[start : start + size].encode()) % BUCKETS
    yield crc32(f"={word}".encode()) % BUCKETS


@cache
def _model() -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]:
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return file["weights"], file["bias"], file["scale"]
