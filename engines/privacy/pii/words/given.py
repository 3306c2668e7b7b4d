"""Given names, in the files of the languages and in `given.toml`; and the names of well-known
people, characters, works and brands, in `famous.toml`, `renowned.txt`, `known.txt` and
`data/famous.npz`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from engines.privacy.pii.words.bloom import holds
from engines.privacy.pii.words.lexicon import famous, listed, listed_in

_FILE = Path(__file__).parent / "given.toml"
KNOWN = Path(__file__).parent / "known.txt"
"""One name a line, written by `training.names.known`."""
_RENOWNED = Path(__file__).parent / "renowned.txt"
"""One name a line, without accents: writers, presenters, athletes, rulers, characters, wines, dogs,
apples and other things with the name of a person; written by hand."""
FAMOUS = Path(__file__).parents[1] / "data" / "famous.npz"
"""A Bloom filter, written by `training.names.famous`."""
_MOST_WORDS = 4
_FAMOUS = frozenset(re.sub(r"[^\w]+", " ", name) for name in famous()).union(
    KNOWN.read_text(encoding="utf-8").splitlines(),
    _RENOWNED.read_text(encoding="utf-8").splitlines(),
)
_POLISH = ("ą", "ę", "y", "i", "o", "ie"), ("a", "owi", "em", "iem", "u")
"""Endings of Polish given names in the other cases, in place of a final "a" and behind a
consonant."""


def plain(word: str) -> str:
    """The word without accents, in lower case."""
    apart = unicodedata.normalize("NFD", word.lower().replace("ł", "l"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def is_given(word: str) -> bool:
    """Whether a word, or its part before a hyphen, is a given name, with or without accents."""
    name = plain(word)
    return name in _NAMES or name.split("-")[0] in _NAMES


def is_word_too(word: str) -> bool:
    """Whether a word is a given name and also a common word or a place ("Rose", "Florence")."""
    return plain(word) in _WORDS_TOO


def is_function_word(word: str) -> bool:
    """Whether a word is one such as "with" or "and", with which no name begins."""
    return word.lower() in _FUNCTION_WORDS and not is_given(word)


def is_famous(text: str) -> bool:
    """Whether `text` begins with a name of these lists, of two to four words."""
    words = re.findall(r"\w+", plain(text))
    most = min(_MOST_WORDS, len(words))
    return any(_is_known(" ".join(words[:count])) for count in range(2, most + 1))


def is_famous_name(text: str) -> bool:
    """Whether `text` is such a name and nothing else."""
    words = re.findall(r"\w+", plain(text))
    return len(words) > 1 and _is_known(" ".join(words))


def ends_famous(name: str) -> bool:
    """Whether the last two to four words of `name` are such a name: "Faust von Johann Wolfgang von
    Goethe"."""
    words = re.findall(r"\w+", plain(name))
    most = min(_MOST_WORDS, len(words))
    return any(_is_known(" ".join(words[-count:])) for count in range(2, most + 1))


def is_listed(name: str) -> bool:
    """Whether a name, without accents, is in `famous.toml`, `renowned.txt` or `known.txt`."""
    return name in _FAMOUS


def _is_known(name: str) -> bool:
    return name in _FAMOUS or holds(FAMOUS, name)


def is_famous_turned(name: str) -> bool:
    """Whether a name with the surname first is well-known: "Kafka, Franz"."""
    surname, comma, given = name.partition(",")
    return bool(comma) and is_famous(f"{given} {surname}")


def _names() -> Iterator[str]:
    more: dict[str, list[str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    yield from listed("given_name")
    for names in more.values():
        yield from names
    for name in (*listed_in("pl", "given_name"), *more["pl"]):
        stem, endings = (name[:-1], _POLISH[0]) if name.endswith("a") else (name, _POLISH[1])
        yield from (stem + ending for ending in endings)
        for end in ("ek", "er", "eł"):  # Leszek, Leszka
            if stem.endswith(end):
                yield from (stem[:-2] + end[1] + ending for ending in ("a", "owi", "em", "iem"))


_WORDS_TOO = frozenset(plain(word) for word in listed("given_word"))
_FUNCTION_WORDS = frozenset(listed("function_word"))
_NAMES = frozenset(plain(name) for name in _names())
