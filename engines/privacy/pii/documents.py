"""Passports, number plates and dates of birth: numbers that mean something by their name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.checksums import mrz_digit
from engines.privacy.pii.context import GAP, NO_LETTER_BEFORE
from engines.privacy.pii.ocr import as_digits
from engines.privacy.pii.spans import Span

_NUMBER = (
    r"(?:\s?(?:(?:no|nr|num|number|nummer|numero|número|numéro|id|is)\b|n[°ºo.]|№|#))?"
    rf"{GAP}{{0,6}}"
)
_PASSPORT = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:passports?|reisepass|passeport|pasaporte|passaporto|paspoort|paszport"
    rf"|(?:personal|dienst|reise)?ausweis)(?i:{_NUMBER}){{1,2}}"
    r"([A-Z0-9](?: ?[A-Z0-9]){5,9})(?![A-Za-z0-9])"
)
_PLATE = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:licen[cs]e\s?plate|number\s?plate|plate|vehicle\s?reg(?:istration)?|reg(?:istration)?\s?"
    r"(?:no|number|mark|plate)|(?:auto|fahrzeug|kfz)?kennzeichen|immatriculation|matr[ií]cula|targa|vrn)"
    rf"(?i:{_NUMBER}){{1,2}}"
    r"([A-ZÄÖÜ0-9]{1,4}(?:[ ·.-]{1,3}[A-Z0-9]{1,4}){0,3}|[A-Z0-9]{5,8})(?![A-Za-z0-9])"
)
_MONTHS = (  # stems in English, German, French, Spanish, Italian, Portuguese, Dutch
    "jan|feb|mar|mär|mrt|maa|apr|may|mai|maj|mei|jun|jul|aug|sep|oct|okt|nov|dec|dez|fév|avr|juin"
    "|juil|aoû|aou|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out"
)
_YEAR = r"(?:19|20)\d\d"
DATE = (
    rf"(?:\d{{1,2}}\s?[./ -]\s?\d{{1,2}}\s?[./ -]\s?(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s?(?:(?:of|de)\s)?(?:{_MONTHS})[a-zéûç]{{0,7}}"
    rf"[.,]?\s?(?:de\s)?{_YEAR}"
    rf"|(?:{_MONTHS})[a-zé]{{0,7}}\.?\s?\d{{1,2}}(?:st|nd|rd|th)?,?\s?{_YEAR}|\d{{8}})(?!\d)"
)
_BIRTH = re.compile(
    rf"{NO_LETTER_BEFORE}(?:d\.?\s?o\.?\s?b\.?|date\s?of\s?birth|birth\s?date|birthday|born"
    r"|geb(?:oren|\.)|geb(?:urts|\.)-?(?:datum|tag)|n[ée]e?\s(?=le)"
    r"|dat[ea]\s?d[ei]\s?(?:naissance|nascita|nascimento)|fecha\s?(?:de\s?)?nac(?:imiento|\.)"
    r"|f\.?\s?nac\.|nacid[oa]|data\s?urodzenia|ur\."
    r"|nascid[oa]|nat[oa]\sil|geboorte(?:datum|dag))"
    rf"{GAP}{{0,6}}(?:(?:on|the|le|am|el|em|op|is|was)\s?){{0,2}}{GAP}{{0,4}}({DATE})",
    re.IGNORECASE,
)
_MRZ_NAME = re.compile(r"[PIACV][A-Z<][A-Z<]{3}[A-Z0-9<]{20,45}")
_MRZ_DIGITS = "[0-9OQDILSBZ]"  # a digit as printed, or the letter that OCR takes it for
_MRZ_DATES = rf"({_MRZ_DIGITS}{{6}})({_MRZ_DIGITS})[MFX<]({_MRZ_DIGITS}{{6}})({_MRZ_DIGITS})"
_MRZ_NUMBER = re.compile(rf"([A-Z0-9<]{{9}})({_MRZ_DIGITS})[A-Z0-9<]{{3}}{_MRZ_DATES}")
_MRZ_CARD = re.compile(rf"{_MRZ_DATES}[A-Z0-9<]{{3}}")
_MRZ_LETTERS = str.maketrans("0158", "OISB")
_LEAST_FILLERS = 5
_MOST_LOWER_CASE = 0.1


def find_passports(text: str) -> Iterator[Span]:
    """Numbers called passport, and machine-readable zones (ICAO 9303) by their shape and checks."""
    for match in _PASSPORT.finditer(text):
        if _digits(match.group(1)) >= 5 and len(match.group(1).replace(" ", "")) <= 10:
            yield Span("passport", match.start(1), match.end(1))
    for match in re.finditer(r"[^\n]+", text):
        line = match.group().replace(" ", "")
        lower = sum(character.islower() for character in line)
        if lower <= _MOST_LOWER_CASE * len(line) and _is_machine_readable(line.upper()):
            yield Span("passport", match.start(), match.end())


def _is_machine_readable(line: str) -> bool:
    """A line of names, which holds no digit but by misreading, or one whose check digits fit."""
    names = line[:1] + line[1:].translate(_MRZ_LETTERS)
    if _MRZ_NAME.fullmatch(names) and "<<" in line and line.count("<") >= _LEAST_FILLERS:
        return True
    for pattern in (_MRZ_NUMBER, _MRZ_CARD):
        match = pattern.match(line)
        if match is not None:
            fields = match.groups()
            checked = zip(fields[0::2], fields[1::2], strict=True)
            return all(_checks(value, digit) for value, digit in checked)
    return False


def _checks(value: str, digit: str) -> bool:
    """Whether `digit` is the check digit of a field, as read or with its letters made digits."""
    expected = as_digits(digit)
    return expected in (mrz_digit(value), mrz_digit(as_digits(value)))


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
