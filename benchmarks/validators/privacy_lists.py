"""What share of the personal data in each list of `tests/data/privacy/pii_strings.json` is found,
and in how many of its harmless strings something is found.

    python -m benchmarks.validators.privacy_lists [--lists 43 44] [--missed]

A string counts as found if a finding has its type or one that `SAME` calls equal: these tables of
docs/privacy.md say whether a person's number is noticed, not which of its names it gets. Links and
plain text do not count as findings. Prints a Markdown table; with `--missed` also each string that
is missed or false. Lists 1 to 42 were seen while the patterns were written or mended, so their
figures are no first sight; `..._note` in the file tells what each list found at first. Takes ten
seconds on one core.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.validators.privacy import DATA, LISTS, table
from engines.privacy import build_pii_detector
from engines.privacy.config import PiiConfig

SAME = {
    "bank_account": {"iban"},
    "national_id": {"ssn", "passport"},
    "ssn": {"national_id"},
    "passport": {"national_id"},
}
"""Type of a string, to other types of findings that count for it."""
NOT_PERSONAL = frozenset({"url", "text"})

Types = Callable[[str], set[str]]
"""The types of what is found in a text."""


@dataclass(slots=True)
class Score:
    strings: Counter[str] = field(default_factory=Counter)
    """By type: strings with personal data."""
    found: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)
    """Type and text."""
    harmless: int = 0
    false: list[str] = field(default_factory=list)


def score(types: Types, positives: Iterable[Sequence[str]], negatives: Sequence[str]) -> Score:
    """Count what `types` finds. `positives`: pairs of a type and a text."""
    result = Score(harmless=len(negatives))
    for kind, text in positives:
        result.strings[kind] += 1
        if types(text) & ({kind} | SAME.get(kind, set())):
            result.found[kind] += 1
        else:
            result.missed.append((kind, text))
    result.false = [text for text in negatives if types(text) - NOT_PERSONAL]
    return result


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})" if whole else "none"


def row(number: int, result: Score) -> tuple[str, ...]:
    kinds = (f"{kind} {result.found[kind]}/{count}" for kind, count in result.strings.most_common())
    found = share(result.found.total(), result.strings.total())
    return str(number), found, share(len(result.false), result.harmless), ", ".join(kinds)


def scores(types: Types, numbers: Iterable[int]) -> Iterator[tuple[int, Score]]:
    """The score of each list, by its number from 1.

    Raises:
        IndexError: there is no list of that number.
    """
    lists = json.loads((DATA / "pii_strings.json").read_text(encoding="utf-8"))
    for number in numbers:
        which = LISTS[number - 1]
        yield number, score(types, lists[f"{which}positives"], lists[f"{which}negatives"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.validators.privacy_lists")
    parser.add_argument("--lists", type=int, nargs="+", default=range(1, len(LISTS) + 1))
    parser.add_argument("--missed", action="store_true")
    arguments = parser.parse_args()
    detector = build_pii_detector(PiiConfig())

    def types(text: str) -> set[str]:
        return {match.type for match in detector.find(text)}

    found = list(scores(types, arguments.lists))
    header = ("list", "found", "harmless strings with a finding", "by type")
    table("Personal data in strings", header, [row(number, result) for number, result in found])
    if arguments.missed:
        for number, result in found:
            for kind, text in result.missed:
                print(f"{number} missed {kind}: {text!r}")
            for text in result.false:
                print(f"{number} false: {text!r}")


if __name__ == "__main__":
    main()
