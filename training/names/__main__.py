"""Train the weights of `engines.privacy.pii.words.likeness`.

    python -m training.names FOLDER [--out FILE]

FOLDER contains the unpacked packages that the README names. The result depends on nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import numpy as np

from engines.privacy.pii.words.given import plain
from engines.privacy.pii.words.likeness import WEIGHTS
from training.names.fit import Example, features, fit
from training.names.sources import Lists, read

_HELD_OUT = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="training.names")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument(
        "--judge", action="store_true", help="measure on unseen words, keep nothing"
    )
    asked = parser.parse_args()
    examples = list(_examples(read(asked.folder)))
    kept = [each for each in examples if crc32(each.word.encode()) % _HELD_OUT]
    unseen = [each for each in examples if not crc32(each.word.encode()) % _HELD_OUT]
    if asked.judge:
        print(f"{len(kept)} words, {len(unseen)} unseen")
        _judge(fit(kept), unseen)
        return
    arrays = fit(examples)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(asked.out, **arrays)  # type: ignore[arg-type]
    print(f"{asked.out}: {asked.out.stat().st_size} bytes")


def _examples(lists: Lists) -> Iterator[Example]:
    """Each word as it is, and without its accents if it has some. A word that is a name of both
    kinds is an example of both; one that is a common word too is also an example of neither."""
    for word in sorted({*lists.given, *lists.surnames, *lists.others}):
        weight = max(lists.given.get(word, 0), lists.surnames.get(word, 0))
        other = lists.others.get(word, 0)
        for spelled in sorted({word, plain(word)}):
            if weight:
                yield Example(spelled, word in lists.given, word in lists.surnames, weight)
            if other:
                yield Example(spelled, False, False, other)


def _judge(arrays: dict[str, np.ndarray], unseen: list[Example]) -> None:
    half = features([each.word for each in unseen])[: len(unseen)]
    odds = half @ (arrays["weights"] * arrays["scale"]) + arrays["bias"]
    neither = np.array([not (each.is_given or each.is_surname) for each in unseen])
    for column, kind in enumerate(("given", "surname")):
        named = np.array([each[1 + column] for each in unseen])
        for least in (-2, 0, 2, 4):
            found = (odds[named, column] > least).mean()
            wrong = (odds[neither, column] > least).mean()
            print(f"{kind} above {least}: {found:.1%} of names, {wrong:.1%} of other words")


if __name__ == "__main__":
    main()
