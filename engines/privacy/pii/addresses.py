"""Postal addresses: a street with a number, or a box, with a postal code and a place behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.context import NO_LETTER_BEFORE, NO_LETTER_BEHIND
from engines.privacy.pii.lexicon import any_of
from engines.privacy.pii.people import CAPITAL
from engines.privacy.pii.spans import Span

_BETWEEN = 48  # characters from the street to the postal code: floor, district, place
_BEFORE = 90  # characters looked at before a postal code
_WORD = r"[^\W\d_][^\W_'’.-]{0,24}(?:['’.-][^\W_]{0,24}){0,2}"
_HOUSE = r"(?:s/n|\d{1,5} ?(?:[a-z]|bis|ter|[-/] ?[\dIVX]{1,4}[a-z]?)?)(?![^\W_])"
_BEHIND = rf"(?:{any_of('street_behind')}){NO_LETTER_BEHIND}"
_END = rf"(?:{any_of('street_end')})"
_FIRST = rf"(?:{any_of('street_before')}){NO_LETTER_BEHIND}\.? {{0,2}}"
_BOX = rf"{NO_LETTER_BEFORE}(?:{any_of('box')}){NO_LETTER_BEHIND}[ :.]{{0,3}}\d[\d ]{{0,10}}"
_FORMS = (
    # 221B Baker Street; 350 Fifth Avenue
    rf"(?<![^\W_])\d{{1,5}}[a-z]? (?:{_WORD} ){{1,4}}?{_BEHIND}",
    # Goethestr. 45a; Mariahilfer Straße 88; Stationsplein 1
    rf"{NO_LETTER_BEFORE}[^\W\d_](?:[^\W_]|[ -]){{0,30}}?{_END},? {{0,2}}{_HOUSE}",
    # 12 rue de la Paix; 5 bis avenue Jean Jaurès
    rf"(?<![^\W_])\d{{1,4}} ?(?:bis|ter)?,? ?{_FIRST}{_WORD}(?: {_WORD}){{0,5}}",
    # Via Roma 10; Calle Mayor, 15; ul. Długa 3/4; Am Markt 7
    rf"{NO_LETTER_BEFORE}{_FIRST}(?:\d{{1,2}} )?{_WORD}(?: {_WORD}){{0,5}}?"
    rf",? {{0,2}}(?:n\.?º? ?)?{_HOUSE}",
    _BOX,
)
_STREET = re.compile("|".join(_FORMS), re.IGNORECASE)
_TOWN = rf"{CAPITAL}[^\W\d_]{{1,24}}"
_CODES = (
    r"[A-Z]{2},? \d{5}(?:-\d{4})?",  # CA 94043
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # NW1 6XE
    r"[A-Z]\d[A-Z] \d[A-Z]\d",  # K1A 0B1
    rf"\d{{4}} ?[A-Z]{{2}} {_TOWN}",  # 1012 JM Amsterdam
    # 10115 Berlin, 8001 Zürich, 00-590 Warszawa, 1100-053 Lisboa, 118 50 Stockholm
    r"(?:[A-Z]{1,2}-)?(?:\d{4,5}|\d{2}-\d{3}|\d{4}-\d{3}|\d{5}-\d{3}|\d{3} \d{2})[ \n]{1,2}"
    + _TOWN,
    rf"(?<=, ){_TOWN}(?: {_TOWN})?,? (?:(?:NSW|VIC|QLD|SA|WA|TAS|ACT|NT) )?(?!19|20)\d{{4}}",
)
_CODE = re.compile(rf"(?<![\w-])(?:{'|'.join(_CODES)})(?![\w-])")


def find_addresses(text: str) -> Iterator[Span]:
    """From the street to the place; a street alone is a sign, a postal code alone a town."""
    for code in _CODE.finditer(text):
        start = max(0, code.start() - _BEFORE)
        streets = list(_STREET.finditer(text, start, code.start()))
        if streets and code.start() - streets[-1].end() <= _BETWEEN:
            yield Span("address", streets[-1].start(), code.end(), 0.9)
