"""Finds names of people in a row: "back row: Ellis Pemberton, Noor Hussain, Zac Dunmore"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engines.privacy.pii.contact.people import PART
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEFORE, NO_LETTER_BEHIND
from engines.privacy.pii.words.given import is_given
from engines.privacy.pii.words.lexicon import any_of
from engines.privacy.pii.words.likeness import likeness_of_name

_NAME = rf"{PART}[ ](?:(?i:{any_of('particle')})[ ]){{0,2}}{PART}"
_BETWEEN = r"(?:[ ]?[,;/|][ ]?|[ ](?:and|und|et|e|y|en|i|&)[ ])"
_ROW = re.compile(rf"{NO_LETTER_BEFORE}{_NAME}(?:{_BETWEEN}{_NAME}){{1,30}}{NO_LETTER_BEHIND}")
_SPLIT = re.compile(_NAME)
_ODDS = -2.0


def rows_of_names(text: str, is_known: Callable[[str, int, int], bool]) -> Iterator[Span]:
    """The names of each row in which all look like names, one begins with a known given name, and
    `is_known`, called with `text`, a start and an end, calls none the name of something else."""
    for row in _ROW.finditer(text):
        places = [(match.start(), match.end()) for match in _SPLIT.finditer(text, *row.span())]
        given = [is_given(text[start:end].split()[0]) for start, end in places]
        if not any(given) or any(is_known(text, start, end) for start, end in places):
            continue
        if all(
            likeness_of_name(text[start:end]) > (_ODDS - 2 if known else _ODDS)
            for known, (start, end) in zip(given, places, strict=True)
        ):
            yield from (Span("name", start, end, 0.5) for start, end in places)
