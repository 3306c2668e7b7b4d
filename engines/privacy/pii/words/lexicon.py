"""Words of many languages that say what stands beside them, out of the files beside this one.

A word in a file is what a form prints, in lower case. It is found in upper and lower case; with or
without its accents, as text recognition leaves them; a blank, a hyphen, a full stop in it may be
missing, but for the full stop of a word of one or two letters ("b." is none without it); a word
that ends in "nummer" may end in "nr" as well.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol

from engines.privacy.pii.words.sharing import Part, Word, shared

_FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "cs", "tr")
_TWINS = {
    "ß": Part("(?:ß|ss)", frozenset("ßs"), single=False),
    "ł": Part("[łl]", frozenset("łl")),
    "ø": Part("[øo]", frozenset("øo")),
    "æ": Part("(?:æ|ae)", frozenset("æa"), single=False),
}
_LOOSE = {
    " ": Part(r"\.?\s?", frozenset(". "), empty=True),
    "-": Part(r"[-\s]?", frozenset("- "), empty=True),
    "'": Part("['’]?", frozenset("'’"), empty=True),
}
_DOT, _MAYBE_DOT = Part(r"\.", frozenset(".")), Part(r"\.?", frozenset("."), empty=True)
_BLANK = Part(r"\s?", frozenset(" "), empty=True)
_STOP, _SHORT_STOP = (_MAYBE_DOT, _BLANK), (_DOT, _BLANK)
_SHORT = 2  # letters
_NUMBERED = ("nummer", "-nr")
_NUMBER_ENDING = (
    Part(r"[-\s]?", frozenset("- "), empty=True),
    Part("(?:nummer|num|nr)", frozenset("n"), single=False),
    _MAYBE_DOT,
)
_FOLDED = {"ı": "i"}  # which `re` takes for each other without regard to case
_INITIALS = re.compile(r"[a-z]{3,4}")


class Validity(Protocol):
    """Whether a number, without its blanks, is one of its scheme."""

    def __call__(self, number: str) -> bool: ...


class Scheme(NamedTuple):
    """Numbers of one kind."""

    words: tuple[str, ...]
    """What calls a number so."""
    modules: tuple[str, ...]
    """Of python-stdnum: "de.idnr"."""
    shape: str = ""
    """A pattern for what counts whether it is valid or not; empty: nothing does."""


@cache
def _languages() -> tuple[Mapping[str, list[str]], ...]:
    return tuple(_read(f"{language}.toml") for language in LANGUAGES)


def _read(name: str) -> dict[str, list[str]]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def listed(*kinds: str) -> tuple[str, ...]:
    """The words of these lists in all languages, each once, the longest first."""
    words = {word for file in _languages() for kind in kinds for word in file.get(kind, ())}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


@cache
def any_of(*kinds: str) -> str:
    """A pattern for any word of these lists; to be used without regard to case."""
    return alternatives(listed(*kinds))


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the words; the longest are tried first."""
    return shared([_parts(word) for word in sorted(words, key=len, reverse=True)])


def called(scheme: Scheme) -> str:
    """A pattern for the words of a scheme; short ones with full stops too ("D.N.I.")."""
    return any_called([scheme])


def any_called(schemes: Iterable[Scheme]) -> str:
    """A pattern for the words of all these schemes."""
    words = [word for scheme in schemes for word in scheme.words]
    whole = [_parts(word) for word in sorted(words, key=len, reverse=True)]
    return shared([*whole, *(_stopped(word) for word in words if _INITIALS.fullmatch(word))])


def _stopped(word: str) -> Word:
    """A word of initials with a full stop behind each but the last."""
    letters = [part for character in word for part in (_character(character), *_SHORT_STOP)]
    return tuple(letters[: -len(_SHORT_STOP)])


def _parts(word: str) -> Word:
    for ending in _NUMBERED:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return (*_spelled(word.removesuffix(ending)), *_NUMBER_ENDING)
    return _spelled(word)


def _spelled(word: str) -> Word:
    letters = sum(character.isalpha() for character in word)
    stop = _STOP if letters > _SHORT else _SHORT_STOP
    return tuple(
        part
        for character in word
        for part in (stop if character == "." else (_character(character),))
    )


def _character(character: str) -> Part:
    if character in _LOOSE:
        return _LOOSE[character]
    if character in _TWINS:
        return _TWINS[character]
    if not character.isalnum():
        return Part("\\" + character, frozenset(character))
    base = unicodedata.normalize("NFD", character)[0]
    if base == character:
        return Part(character, frozenset(_FOLDED.get(character, character)))
    return Part(f"[{character}{base}][\u0300-\u036f]?", frozenset({character, base}))


@cache
def schemes() -> tuple[Scheme, ...]:
    """Of `words/numbers.toml`, in its order."""
    found = tomllib.loads((_FOLDER / "numbers.toml").read_text(encoding="utf-8"))["scheme"]
    return tuple(
        Scheme(tuple(each["words"]), tuple(each["valid"]), each.get("shape", "")) for each in found
    )


@cache
def key_patterns() -> tuple[str, ...]:
    """Of `words/keys.toml`: what keys of services look like."""
    found = tomllib.loads((_FOLDER / "keys.toml").read_text(encoding="utf-8"))["key"]
    return tuple(each["pattern"] for each in found)


def standard(module: str) -> Validity:
    """The check of python-stdnum's `module`, such as "de.idnr"."""
    valid: Validity = import_module(f"stdnum.{module}").is_valid
    return valid
