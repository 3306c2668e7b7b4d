"""Words of many languages that say what a number or name next to them is, read from the TOML files
in this folder.

A word in a file is what a form prints, in lower case. It is found in upper and lower case, and with
or without accents, which OCR may lose. A blank, a hyphen or a full stop in it may be missing,
except the full stop of a word of one or two letters ("b."). A word that ends in "nummer" is also
found with "nr" at its end.
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
    "-": Part(r"(?:-\n|[-\s])?", frozenset("- "), empty=True, single=False),
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
_FOLDED = {"ı": "i"}  # letters that are equal for `re.IGNORECASE`
_INITIALS = re.compile(r"[a-z]{3,4}")


class Validity(Protocol):
    """Checks whether a number, without its blanks, is valid in a scheme."""

    def __call__(self, number: str) -> bool: ...


class Scheme(NamedTuple):
    """One kind of national numbers."""

    words: tuple[str, ...]
    """Words for such a number."""
    modules: tuple[str, ...]
    """Modules of python-stdnum that check it, such as "de.idnr"."""
    shape: str = ""
    """A pattern for numbers that count even if no module accepts them; empty: none."""


@cache
def _languages() -> tuple[Mapping[str, list[str]], ...]:
    return tuple(_read(f"{language}.toml") for language in LANGUAGES)


def _read(name: str) -> dict[str, list[str]]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def listed(*kinds: str) -> tuple[str, ...]:
    """The words of these lists in all languages, each once, the longest first."""
    words = {word for file in _languages() for kind in kinds for word in file.get(kind, ())}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def listed_in(language: str, kind: str) -> tuple[str, ...]:
    """The words of a list in one of `LANGUAGES`."""
    return tuple(_languages()[LANGUAGES.index(language)].get(kind, ()))


@cache
def famous() -> frozenset[str]:
    """The names in `words/famous.toml`: of well-known people, characters, brands and works. Lower
    case, without accents."""
    lists = tomllib.loads((_FOLDER / "famous.toml").read_text(encoding="utf-8"))
    return frozenset(name for names in lists.values() for name in names)


@cache
def any_of(*kinds: str) -> str:
    """A pattern for any word of these lists, to be used with `re.IGNORECASE`."""
    return alternatives(listed(*kinds))


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the words; the longest are tried first."""
    return shared([_parts(word) for word in sorted(words, key=len, reverse=True)])


def called(scheme: Scheme) -> str:
    """A pattern for the words of a scheme. Words of three or four letters also match with full
    stops ("D.N.I.")."""
    return any_called([scheme])


def any_called(schemes: Iterable[Scheme]) -> str:
    """A pattern for the words of all these schemes."""
    words = [word for scheme in schemes for word in scheme.words]
    whole = [_parts(word) for word in sorted(words, key=len, reverse=True)]
    return shared([*whole, *(_stopped(word) for word in words if _INITIALS.fullmatch(word))])


def _stopped(word: str) -> Word:
    """A word of initials with a full stop after each letter but the last."""
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
    """The schemes in `words/numbers.toml`, in its order."""
    found = tomllib.loads((_FOLDER / "numbers.toml").read_text(encoding="utf-8"))["scheme"]
    return tuple(
        Scheme(tuple(each["words"]), tuple(each["valid"]), each.get("shape", "")) for each in found
    )


@cache
def key_patterns() -> tuple[str, ...]:
    """The patterns in `words/keys.toml`, which match keys of services."""
    found = tomllib.loads((_FOLDER / "keys.toml").read_text(encoding="utf-8"))["key"]
    return tuple(each["pattern"] for each in found)


def standard(module: str) -> Validity:
    """The check of python-stdnum's `module`, such as "de.idnr"."""
    valid: Validity = import_module(f"stdnum.{module}").is_valid
    return valid
