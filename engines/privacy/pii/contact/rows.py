"""Finds names of people in a row: "back row: Ellis Pemberton, Noor Hussain, Zac Dunmore"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from engines.privacy.pii.contact.people import CAPITAL, PART
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEFORE, NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.given import is_given
from engines.privacy.pii.words.lexicon import any_of
from engines.privacy.pii.words.likeness import likeness, likeness_of_name

_NAME = rf"{PART}[ ](?:(?i:{any_of('particle')})[ ]){{0,2}}{PART}"
_BETWEEN = r"(?:[ ]?[,;/|][ ]?|[ ](?:and|und|et|e|y|en|i|&)[ ])"
_ROW = re.compile(rf"{NO_LETTER_BEFORE}{_NAME}(?:{_BETWEEN}{_NAME}){{1,30}}{NO_LETTER_BEHIND}")
_SPLIT = re.compile(_NAME)
_ONE = re.compile(PART)
_ODDS = -2.0
_SURNAMES = re.compile(  # Early shift: Okonjo, Patel
    rf"{WORD_BEGINS}(?i:{any_of('crew', 'bell')})(?:[ ](?:[IVX]{{1,3}}|\d{{1,2}}))?[ ]?:[ ]?"
    rf"({PART}(?:[ ]{CAPITAL}\.)?(?:{_BETWEEN}{PART}(?:[ ]{CAPITAL}\.)?){{1,30}})"
    rf"{NO_LETTER_BEHIND}(?![ ]{PART})"
)
_ODDS_OF_SURNAME, _ODDS_OF_ALL = -1.0, 1.0
_NUMBERED = re.compile(  # Form 3B: 1. Ashcroft, Ellie 2. Bello, Tunde
    rf"(?<!\w)\d{{1,2}}[.)]?[ ]({PART}(?:-{PART})?,[ ]?{PART}){NO_LETTER_BEHIND}"
)
_NUMBERED_WITHOUT_COMMA = re.compile(  # 7 Okafor Zara, 9 Lindqvist Tess
    rf"(?<!\w)\d{{1,2}}[.)]?[ ]({PART}(?:-{PART})?[ ]{PART}){NO_LETTER_BEHIND}(?=[,;]|[ ]?$|\n)"
)
_FEWEST = 2
_AT_BELL = re.compile(  # Kowalczyk & Henderson (buzzer 4B); Tran – Pellerin, 2e gauche
    rf"(?:^|\n)(?:{CAPITAL}{{2,20}}[ ])?({PART}(?:[ ]?[&+/–-][ ]?{PART})?)[ ]?[,(]{{1,2}}[ ]?"
    rf"(?i:(?:{any_of('bell')}){NO_LETTER_BEHIND}(?:[ ]\d)?"
    rf"|\d{{1,2}}(?:e|er|ème|[.º°ª])?[ ](?:{any_of('floor')}){NO_LETTER_BEHIND})"
)


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


def numbered_rows(text: str) -> Iterator[Span]:
    """Names with the surname first in a numbered row of two or more, if all look like one."""
    found = list(_NUMBERED.finditer(text)) or list(_NUMBERED_WITHOUT_COMMA.finditer(text))
    names = [re.split(",[ ]?|[ ]", match.group(1), maxsplit=1) for match in found]
    if len(found) >= _FEWEST and all(
        likeness(surname).surname > _ODDS_OF_SURNAME and likeness(given).given > _ODDS
        for surname, given in names
    ):
        yield from (Span("name", *match.span(1), 0.5) for match in found)


def rows_of_surnames(text: str) -> Iterator[Span]:
    """Surnames in a row behind a word such as "shift" or "violins", or before a bell or a floor, if
    all look like one, and on average much."""
    for row in chain(_SURNAMES.finditer(text), _AT_BELL.finditer(text)):
        words = [
            (word.start(), word.end())
            for word in _ONE.finditer(text, row.start(1), row.end(1))
            if not word.group().endswith(".")
        ]
        odds = [likeness(text[start:end]).surname for start, end in words]
        if min(odds) > _ODDS_OF_SURNAME and sum(odds) / len(odds) > _ODDS_OF_ALL:
            yield from (Span("name", start, end, 0.5) for start, end in words)
