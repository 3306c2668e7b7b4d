"""Write `data/surnames.npz`: a Bloom filter of the surnames of the lists that are no common words,
brands or cities.

    python -m training.names.filter FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engines.privacy.pii.words.bloom import write
from engines.privacy.pii.words.given import plain
from engines.privacy.pii.words.surnames import BITS, FILTER
from training.names.sources import Lists, read

_SURE = 1.0
"""Least weight of a surname of a list of surnames; a list of names of both kinds weighs less."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="training.names.filter")
    parser.add_argument("folder", type=Path)
    found = surnames_only(read(parser.parse_args().folder))
    write(FILTER, found, BITS)
    print(f"{len(found)} surnames, {FILTER.stat().st_size} bytes")


def surnames_only(lists: Lists) -> set[str]:
    """The surnames without accents of the lists of surnames that are neither a word of another kind
    nor a given name."""
    others = {plain(word) for word in (*lists.others, *lists.given)}
    sure = {plain(word) for word, weight in lists.surnames.items() if weight >= _SURE}
    return sure - others


if __name__ == "__main__":
    main()
