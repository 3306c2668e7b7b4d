"""Numbers that a state gives to a person: identity cards, taxes, social insurance.

Which number is valid is python-stdnum's knowledge (check digits, dates and regions within). Most
schemes are short, so that any tenth number fits: those count only where a word calls them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import (
    ASIDE,
    GAP,
    NO_LETTER_BEHIND,
    WORD_BEGINS,
    whole_words,
)
from engines.privacy.pii.words.lexicon import (
    Validity,
    any_called,
    any_of,
    called,
    schemes,
    standard,
)

_LONGEST_CHARACTERS = 24
_FEWEST_DIGITS = 4
_STOPS = re.compile(r"[./]")
_RVNR = re.compile(r"(\d{8})([A-Z])(\d\d)(\d)")
_RVNR_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_KVNR = re.compile(r"([A-Z])(\d{8})(\d)")
_LV_WEIGHTS = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NINO = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.IGNORECASE
)


def _national_insurance(number: str) -> bool:
    """A British National Insurance number has no check digit (HMRC manual NIM39110)."""
    return _NINO.fullmatch(number.replace(" ", "").upper()) is not None


def _pension_insurance(number: str) -> bool:
    """German: area, birth, letter, serial; the letter counts as two digits, and the sum of digits
    of the weighted sum ends in the last (VKVV, section 4)."""
    match = _RVNR.fullmatch(number.replace(" ", "").upper())
    if match is None:
        return False
    front, letter, serial, check = match.groups()
    digits = f"{front}{ord(letter) - ord('A') + 1:02d}{serial}"
    weighted = (int(digit) * weight for digit, weight in zip(digits, _RVNR_WEIGHTS, strict=True))
    return sum(product // 10 + product % 10 for product in weighted) % 10 == int(check)


def _health_insurance(number: str) -> bool:
    """German: a letter and nine digits; the letter counts as two, every second digit twice, and the
    sum of digits ends in the last (section 290 SGB V)."""
    match = _KVNR.fullmatch(number.replace(" ", "").upper())
    if match is None:
        return False
    letter, serial, check = match.groups()
    digits = f"{ord(letter) - ord('A') + 1:02d}{serial}"
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in weighted) % 10 == int(check)


def _affiliation(number: str) -> bool:
    """Spanish social security: province, number, and both together modulo 97."""
    digits = re.sub(r"[ /-]", "", number)
    if re.fullmatch(r"\d{12}", digits) is None:
        return False
    short = digits[2] == "0"
    whole = int(digits[:2] + digits[3:10]) if short else int(digits[:10])
    return whole % 97 == int(digits[10:])


def _latvian(number: str) -> bool:
    """Personas kods: six digits of the birth and five more (Cabinet regulation 142 of 2012)."""
    digits = number.replace("-", "").replace(" ", "")
    if re.fullmatch(r"\d{11}", digits) is None:
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, _LV_WEIGHTS, strict=False))
    return (1101 - weighted) % 11 % 10 == int(digits[10])


def _russian_insurance(number: str) -> bool:
    """SNILS: nine digits weighted by 9 to 1, the sum modulo 101."""
    digits = re.sub(r"[ -]", "", number)
    if re.fullmatch(r"\d{11}", digits) is None:
        return False
    weighted = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9]))
    return weighted % 101 % 100 == int(digits[9:])


def _american_employer(number: str) -> bool:
    """As it is printed, with its hyphen: it has no check digit."""
    return re.fullmatch(r"\d\d-\d{7}", number.strip()) is not None and _EIN(number)


_EIN = standard("us.ein")
_OWN: Mapping[str, Validity] = {
    "gb.nino": _national_insurance,
    "de.rvnr": _pension_insurance,
    "de.kvnr": _health_insurance,
    "es.nuss": _affiliation,
    "lv.pk": _latvian,
    "ru.snils": _russian_insurance,
    "us.ein": _american_employer,
}
"""Schemes that python-stdnum does not know, or takes without what they are printed with."""


def validity(module: str) -> Validity:
    """The check of a scheme of `words/numbers.toml`."""
    return _OWN.get(module) or standard(module)


def _of_shape(shape: str) -> Validity:
    pattern = re.compile(shape, re.IGNORECASE)

    def fits(number: str) -> bool:
        return pattern.fullmatch(re.sub(r"[ -]", "", number)) is not None

    return fits


_VALID = tuple(
    (
        *(validity(module) for module in scheme.modules),
        *((_of_shape(scheme.shape),) if scheme.shape else ()),
    )
    for scheme in schemes()
)
_NAMES = "|".join(f"({called(scheme)})" for scheme in schemes())
_CALLED = re.compile(rf"{WORD_BEGINS}(?:{_NAMES}){NO_LETTER_BEHIND}", re.IGNORECASE)
_ANY_CALLED = re.compile(  # matches where `_CALLED` does, and does not say what: much faster
    rf"{WORD_BEGINS}(?:{any_called(schemes())}){NO_LETTER_BEHIND}", re.IGNORECASE
)
_OWNER = rf"(?:\.?\s(?:(?:{any_of('of')})\s)?(?:{any_of('name_owner')}){NO_LETTER_BEHIND})?"
_NUMBER_WORD = rf"{_OWNER}{ASIDE}(?:\s?\([^()\n]{{1,24}}\))?{GAP}{{0,4}}"
_NUMBER_WORD += rf"(?:{whole_words(any_of('number') + '|is')})?"
_BEHIND = re.compile(
    rf"{_NUMBER_WORD}{GAP}{{0,6}}([A-Za-z0-9]{{1,20}}(?:[ ./-]{{1,3}}[A-Za-z0-9]{{1,14}}){{0,7}})",
    re.IGNORECASE,
)
_ALONE: tuple[tuple[re.Pattern[str], Validity], ...] = (
    (
        re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE),
        standard("it.codicefiscale"),
    ),
    (
        re.compile(
            r"(?<![\w.-])[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d"
            r"(?![\w.-])"
        ),
        standard("fr.nir"),
    ),
    (re.compile(r"(?<![\w.-])756\.\d{4}\.\d{4}\.\d\d(?![\w.-])"), standard("ch.ssn")),
    (re.compile(r"(?<!\w)[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d(?!\w)"), standard("mx.curp")),
    (re.compile(r"(?<!\w)[A-Z]{2} \d\d \d\d \d\d [A-D](?!\w)"), _national_insurance),
    (re.compile(r"(?<!\w)CHE[- ]?\d{3}\.\d{3}\.\d{3}(?!\w)"), standard("ch.uid")),
)


def find_national_numbers(text: str) -> Iterator[Span]:
    """Numbers behind a word that calls them so, and those whose shape and check leave no doubt."""
    for match in _called(text):
        valid = _VALID[(match.lastindex or 1) - 1]
        behind = _BEHIND.match(text, match.end())
        if behind is not None:
            yield from _first_valid(behind.group(1), behind.start(1), valid)
    for pattern, is_valid in _ALONE:
        for match in pattern.finditer(text):
            if is_valid(match.group()):
                yield Span("national_id", match.start(), match.end())


def _called(text: str) -> Iterator[re.Match[str]]:
    """The words that call a number, each with its scheme as the match's group."""
    place = _ANY_CALLED.search(text)
    while place is not None:
        match = _CALLED.match(text, place.start())
        if match is not None:
            yield match
        place = _ANY_CALLED.search(text, (match or place).end())


def _first_valid(shown: str, start: int, valid: tuple[Validity, ...]) -> Iterator[Span]:
    """The longest beginning of `shown`, cut between its groups, that one scheme knows."""
    ends = [match.end() for match in re.finditer(r"[A-Za-z0-9]+", shown)]
    for end in reversed(ends):
        number = _STOPS.sub("", shown[:end])
        if sum(sign.isdigit() for sign in number) < _FEWEST_DIGITS:
            return
        if len(number) <= _LONGEST_CHARACTERS and any(check(number) for check in valid):
            yield Span("national_id", start, start + end)
            return
