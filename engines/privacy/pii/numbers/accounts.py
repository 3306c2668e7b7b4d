"""Finds bank cards and IBANs, which have check digits, and US social security numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.numbers.checksums import iban_length, iban_valid, is_card, ssn_valid
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import GAP, NO_LETTER_BEFORE, NOT_PERSONAL, preceded_by

_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){12,40}(?![\w-]|[.,]\d)")
_CARD_ON_TWO_LINES = re.compile(
    r"(?<![\w.,-])\d{4}(?:[ -]?\d){0,12}\n\d(?:[ -]?\d){2,14}(?![\w-]|[.,]\d)"
)
_CARD_DOTTED = re.compile(r"(?<![\w.,-])\d{4}([.]| - |  )(?:\d{4}\1){2}\d{4}(?![\w-]|[.,]\d)")
_GROUP = re.compile(r"\d+")
_DIGITS_OF_CARD = (13, 19)
_LONGER_NUMBER = range(8, 13)
"""So many further digits are neither an expiry date and a check code nor another card: the groups
are those of a longer number, such as that of a parcel."""
_CARD_GROUPS = ((4, 4, 4, 4, 3), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4))
_IBAN_START = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=IBAN))[A-Z]{2} ?[0-9OIl]{2}", re.IGNORECASE)
_IBAN_LONGEST, _FEWEST_DIGITS_OF_IBAN = 50, 6
_POLISH = re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){25}(?![\w-]|[.,]\d)")
_ALIKE = str.maketrans("OI", "01")
_SSN = re.compile(r"(?<![\w-])(\d{3})([- ])(\d{2})\2(\d{4})(?![\w-])")
_SSN_NAMED = re.compile(
    rf"{NO_LETTER_BEFORE}(?:ssn|ss(?=\s?(?:no|number|#))|social\s?security)(?:\s?(?:no|number|#))?{GAP}{{0,6}}"
    r"(\d{3})[-. ]?(\d{2})[-. ]?(\d{4})(?!\d)",
    re.IGNORECASE,
)


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers, grouped or not, alone or with other digits before or after them (an expiry
    date, the end of a line). `text`: the result of `digitised`."""
    for pattern in (_CARD, _CARD_DOTTED, _CARD_ON_TWO_LINES):
        for match in pattern.finditer(text):
            for start, end in _card_readings(match):
                if "\n" in match.group() and start > match.start():
                    continue
                found = text[start:end]
                named_otherwise = found.isdigit() and preceded_by(NOT_PERSONAL, text, start)
                if is_card(re.sub(r"\D", "", found)) and not named_otherwise:
                    yield Span("credit_card", start, end)


def _card_readings(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Start and end of the whole run of digits, if a card number can be as long, and of each part
    of it that is grouped as on a card."""
    if _DIGITS_OF_CARD[0] <= sum(c.isdigit() for c in match.group()) <= _DIGITS_OF_CARD[1]:
        yield match.span()
    offset = match.start()
    groups = [(offset + g.start(), offset + g.end()) for g in _GROUP.finditer(match.group())]
    for start, end in groups if len(groups) > 1 else ():  # 4111111111111111 11/26
        if _DIGITS_OF_CARD[0] <= end - start <= _DIGITS_OF_CARD[1]:
            yield start, end
    for first in range(len(groups)):
        for shape in _CARD_GROUPS:
            part = groups[first : first + len(shape)]
            length = sum(end - start for start, end in part)
            rest = sum(end - start for start, end in groups) - length
            if tuple(end - start for start, end in part) == shape and rest not in _LONGER_NUMBER:
                yield part[0][0], part[-1][1]


def find_ibans(text: str) -> Iterator[Span]:
    """IBANs, with blanks anywhere. Characters that OCR confuses (O and 0, I and 1) are tried both
    ways."""
    for match in _IBAN_START.finditer(text):
        length = iban_length(match.group()[:2].upper())
        positions = [
            match.start() + offset
            for offset, character in enumerate(text[match.start() : match.start() + _IBAN_LONGEST])
            if character.isascii() and character.isalnum()
        ]
        if length is None or len(positions) < length:
            continue
        end = positions[length - 1] + 1
        between = re.sub(r"[A-Za-z0-9 .-]", "", text[match.start() : end])
        if between not in ("", "\n"):
            continue
        iban = "".join(text[position] for position in positions[:length])
        if sum(sign.isdigit() for sign in iban) < _FEWEST_DIGITS_OF_IBAN:
            continue  # a sentence whose letters happen to fit
        if any(iban_valid(reading) for reading in _iban_readings(iban)):
            yield Span("iban", match.start(), end)
    for match in _POLISH.finditer(text):  # Polish IBANs are written without the country code
        if iban_valid("PL" + re.sub(r"\D", "", match.group())):
            yield Span("iban", match.start(), match.end())


def _iban_readings(iban: str) -> tuple[str, ...]:
    country, rest = iban[:2].upper(), iban[2:].replace("l", "1").upper()
    return (
        country + rest[:2].translate(_ALIKE) + rest[2:],
        country + rest.translate(_ALIKE),
    )


def find_ssns(text: str) -> Iterator[Span]:
    """US social security numbers: groups of 3, 2 and 4 digits, or nine digits after a word for
    them."""
    for match in _SSN.finditer(text):
        area, _, group, serial = match.groups()
        named_otherwise = preceded_by(NOT_PERSONAL, text, match.start())
        if ssn_valid(area, group, serial) and not named_otherwise:
            yield Span("ssn", match.start(), match.end())
    for match in _SSN_NAMED.finditer(text):
        if ssn_valid(*match.groups()):
            yield Span("ssn", match.start(1), match.end(3))
