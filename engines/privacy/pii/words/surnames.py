"""Surnames of `surnames.toml`: common ones, and those that end as a father's name does; and those
of `data/surnames.npz`, a Bloom filter of the lists that the likeness was trained with (see
data/README.md)."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

from engines.privacy.pii.words.bloom import holds

FILTER = Path(__file__).parents[1] / "data" / "surnames.npz"
BITS = 1 << 20
_LISTS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "surnames.toml").read_text(encoding="utf-8")
)
_SURNAMES = frozenset(_LISTS["surname"])
_ENDINGS = tuple(_LISTS["ending"])
_SHORTEST, _SHORTEST_IN_FILTER = 7, 4


def is_surname(word: str) -> bool:
    """Whether a word of lower case, with or without accents, is one of these surnames. About one
    word in a hundred that is none is taken for one."""
    apart = unicodedata.normalize("NFD", word.replace("ł", "l").replace("ı", "i"))
    plain = "".join(sign for sign in apart if not (unicodedata.combining(sign) or sign in "'’"))
    if plain in _SURNAMES or (len(plain) >= _SHORTEST and plain.endswith(_ENDINGS)):
        return True
    return len(plain) >= _SHORTEST_IN_FILTER and holds(FILTER, plain)
