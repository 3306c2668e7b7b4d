"""Finds full names behind the day of a rota ("Mon Priya Raghunathan", "Do 14.3. Jonas Wieland"),
and between the numbers of a table whose head has a word such as "Name"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.contact.people import PART, TWO
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.given import is_famous, is_given, is_word_too
from engines.privacy.pii.words.lexicon import any_of
from engines.privacy.pii.words.likeness import likeness
from engines.privacy.pii.words.looks import NO_PERSON, looks_like_name

_ON_DAY = re.compile(
    rf"^[ ]{{0,2}}(?i:{any_of('weekday')}){NO_LETTER_BEHIND}\.?[ ]?[:,–-]?[ ]{{0,3}}"
    rf"(?:\d[\d.:/h –-]{{0,14}}[ ])?({TWO})[ .]{{0,2}}$",
    re.MULTILINE,
)
_HEAD = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('name_alone', 'name_field', 'name_owner')}){NO_LETTER_BEHIND}"
)
_NO_HEAD = re.compile(r"[\d:!?]")
_ROW = re.compile(  # 1042 Whitlock, Jane 52,300
    rf"(?:[ ]?[A-Z]?\d{{1,9}}[.)]?[ ])?({PART}(?:-{PART})?, ?{PART}|{TWO})"
    r"[ ](?:[^\W\d_]{1,4}[ ])?[€$£]?\d.{0,60}"
)
_LONGEST_HEAD, _FEWEST, _LESS_TURNED, _LEAST_IN_TABLE = 80, 2, 2.0, 0.5


def names_in_tables(text: str) -> Iterator[Span]:
    """Names in lines with numbers below the head of a table ("ID Name Salary"), also with the
    surname first and a comma, if their given name is known and they are not well-known ones."""
    start, of_table = 0, False
    for line in text.split("\n"):
        row = _ROW.fullmatch(line) if of_table else None
        if row is not None and _is_of_somebody(row.group(1), in_table=True):
            yield Span("name", start + row.start(1), start + row.end(1), 0.5)
        elif row is None:
            head = len(line) <= _LONGEST_HEAD and len(line.split()) >= _FEWEST
            of_table = head and not _NO_HEAD.search(line) and _HEAD.search(line) is not None
        start += len(line) + 1


def _is_of_somebody(name: str, in_table: bool = False) -> bool:
    surname, comma, given = name.partition(",")
    turned = f"{given.strip()} {surname}" if comma else name
    first, *others = turned.split()
    sure = is_given(first) and not is_word_too(first) and not is_famous(turned)
    of_thing = any(word.lower() in NO_PERSON for word in others)
    if in_table and not comma and likeness(others[-1]).surname < _LEAST_IN_TABLE:
        return False
    return sure and not of_thing and looks_like_name(turned, _LESS_TURNED if comma else 0.0)


def names_on_days(text: str) -> Iterator[Span]:
    """Names that end a line that begins with a day of the week, if their given name is known and no
    other word, and they are not well-known ones."""
    for match in _ON_DAY.finditer(text):
        if _is_of_somebody(match.group(1)):
            yield Span("name", *match.span(1), 0.5)
