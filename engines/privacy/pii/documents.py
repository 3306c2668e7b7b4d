"""Passports, number plates and dates of birth: numbers that mean something by their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.checksums import mrz_digit
from engines.privacy.pii.spans import Span

_NUMBER = r"(?:\s?(?:no|nr|num|number|nummer|numero|número|n°|№|#|id|is)\b)?[^A-Za-z0-9]{0,6}"
_PASSPORT = re.compile(
    r"(?i:passports?|reisepass|passeport|pasaporte|passaporto|ausweis)" + rf"(?i:{_NUMBER}){{1,2}}"
    r"([A-Z0-9](?: ?[A-Z0-9]){5,9})(?![A-Za-z0-9])"
)
_PLATE = re.compile(
    r"(?i:licen[cs]e\s?plate|number\s?plate|plate|vehicle\s?reg(?:istration)?|reg(?:istration)?\s?"
    r"(?:no|number|mark|plate)|kennzeichen|immatriculation|matr[ií]cula|targa|vrn)"
    rf"(?i:{_NUMBER}){{1,2}}"
    r"([A-ZÄÖÜ0-9]{1,4}(?:[ ·.-]{1,3}[A-Z0-9]{1,4}){0,3}|[A-Z0-9]{5,8})(?![A-Za-z0-9])"
)
_MONTHS = (
    "jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|févr|mars|avr|juin|juil"
    "|août|déc|ene|abr|ago|dic"
)
_YEAR = r"(?:19|20)\d\d"
DATE = (
    rf"(?:\d{{1,2}}\s?[./ -]\s?\d{{1,2}}\s?[./ -]\s?(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?\s?(?:of\s)?(?:{_MONTHS})[a-zé]{{0,7}}[.,]?\s?{_YEAR}"
    rf"|(?:{_MONTHS})[a-zé]{{0,7}}\.?\s?\d{{1,2}}(?:st|nd|rd|th)?,?\s?{_YEAR}|\d{{8}})(?!\d)"
)
_BIRTH = re.compile(
    r"(?:(?<![a-z])d\.?\s?o\.?\s?b\.?|date\s?of\s?birth|birth\s?date|birthday|(?<![a-z])born"
    r"|(?<![a-z])geb(?:oren|\.)|geburtsdatum|(?<![a-z])n[ée]e?\s(?=le)|date\s?de\s?naissance"
    r"|fecha\s?de\s?nacimiento|nacid[oa]|nat[oa]\sil|data\s?di\s?nascita)"
    rf"[^A-Za-z0-9]{{0,6}}(?:(?:on|the|le|am|el|is|was)\s?){{0,2}}[^A-Za-z0-9]{{0,4}}({DATE})",
    re.IGNORECASE,
)
_MRZ_NAME = re.compile(r"[PIACV][A-Z<][A-Z<]{3}[A-Z0-9<]{20,45}")
_MRZ_NUMBER = re.compile(r"([A-Z0-9<]{9})(\d)[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)")
_MRZ_CARD = re.compile(r"(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z<]{3}")
_LEAST_FILLERS = 5


def find_passports(text: str) -> Iterator[Span]:
    """Numbers called passport, and machine-readable zones (ICAO 9303) by their shape and checks."""
    for match in _PASSPORT.finditer(text):
        if _digits(match.group(1)) >= 5 and len(match.group(1).replace(" ", "")) <= 10:
            yield Span("passport", match.start(1), match.end(1))
    for match in re.finditer(r"[^\n]+", text):
        line = match.group().replace(" ", "").upper()
        if _is_machine_readable(line):
            yield Span("passport", match.start(), match.end())


def _is_machine_readable(line: str) -> bool:
    if _MRZ_NAME.fullmatch(line) and "<<" in line and line.count("<") >= _LEAST_FILLERS:
        return True
    for pattern in (_MRZ_NUMBER, _MRZ_CARD):
        match = pattern.match(line)
        if match is not None:
            fields = match.groups()
            checked = zip(fields[0::2], fields[1::2], strict=True)
            return all(mrz_digit(value) == digit for value, digit in checked)
    return False


def find_plates(text: str) -> Iterator[Span]:
    """Number plates that are called so; countries differ too much to know one by itself."""
    for match in _PLATE.finditer(text):
        plate = re.sub(r"[^A-ZÄÖÜ0-9]", "", match.group(1))
        if 4 <= len(plate) <= 10 and _digits(plate) >= 1 and not _is_year(plate):
            yield Span("license_plate", match.start(1), match.end(1))


def find_birth_dates(text: str) -> Iterator[Span]:
    """Dates that are called a birth."""
    for match in _BIRTH.finditer(text):
        yield Span("date_of_birth", match.start(1), match.end(1))


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _is_year(text: str) -> bool:
    return re.fullmatch(_YEAR, text) is not None
