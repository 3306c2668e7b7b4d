"""Surnames of `surnames.toml`: common ones, and those that end as a father's name does."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

_LISTS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "surnames.toml").read_text(encoding="utf-8")
)
_SURNAMES = frozenset(_LISTS["surname"])
_ENDINGS = tuple(_LISTS["ending"])
_SHORTEST = 7


def is_surname(word: str) -> bool:
    """Whether a word of lower case, with or without accents, is one of these surnames."""
    apart = unicodedata.normalize("NFD", word.replace("ł", "l").replace("ı", "i"))
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return plain in _SURNAMES or (len(plain) >= _SHORTEST and plain.endswith(_ENDINGS))
