"""Numbers with a check: bank cards, IBANs, social security numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.checksums import iban_length, iban_valid, is_card, ssn_valid
from engines.privacy.pii.context import NOT_PERSONAL, preceded_by
from engines.privacy.pii.spans import Span

_CARD = re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)")
_IBAN_START = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=IBAN))[A-Z]{2} ?[0-9OIl]{2}", re.IGNORECASE)
_IBAN_LONGEST = 50
_ALIKE = str.maketrans("OI", "01")
_SSN = re.compile(r"(?<![\w-])(\d{3})([- ])(\d{2})\2(\d{4})(?![\w-])")
_SSN_NAMED = re.compile(
    r"(?:ssn|social\s?security(?:\s?(?:no|number|#))?)[^A-Za-z0-9]{0,6}"
    r"(\d{3})[- ]?(\d{2})[- ]?(\d{4})(?!\d)",
    re.IGNORECASE,
)


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers, grouped or not; `text` has its digits corrected."""
    for match in _CARD.finditer(text):
        found = match.group()
        named_otherwise = found.isdigit() and preceded_by(NOT_PERSONAL, text, match.start())
        if is_card(re.sub(r"\D", "", found)) and not named_otherwise:
            yield Span("credit_card", match.start(), match.end())


def find_ibans(text: str) -> Iterator[Span]:
    """IBANs, with blanks anywhere; letters and digits that OCR mixes up are tried both ways."""
    for match in _IBAN_START.finditer(text):
        length = iban_length(match.group()[:2].upper())
        positions = [
            match.start() + offset
            for offset, character in enumerate(text[match.start() :][:_IBAN_LONGEST])
            if character.isascii() and character.isalnum()
        ]
        if length is None or len(positions) < length:
            continue
        end = positions[length - 1] + 1
        if re.search(r"[^A-Za-z0-9 -]", text[match.start() : end]):
            continue
        iban = "".join(text[position] for position in positions[:length])
        if any(iban_valid(reading) for reading in _iban_readings(iban)):
            yield Span("iban", match.start(), end)


def _iban_readings(iban: str) -> tuple[str, ...]:
    country, rest = iban[:2].upper(), iban[2:].replace("l", "1").upper()
    return (
        country + rest[:2].translate(_ALIKE) + rest[2:],
        country + rest.translate(_ALIKE),
    )


def find_ssns(text: str) -> Iterator[Span]:
    """US social security numbers: 3-2-4 as printed, or nine digits that are called so."""
    for match in _SSN.finditer(text):
        area, _, group, serial = match.groups()
        named_otherwise = preceded_by(NOT_PERSONAL, text, match.start())
        if ssn_valid(area, group, serial) and not named_otherwise:
            yield Span("ssn", match.start(), match.end())
    for match in _SSN_NAMED.finditer(text):
        if ssn_valid(*match.groups()):
            yield Span("ssn", match.start(1), match.end(3))
