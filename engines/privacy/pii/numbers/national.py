"""Finds numbers that a state gives to a person: identity cards, taxes, social insurance.

python-stdnum checks them (check digits, and dates and regions inside the numbers). In most schemes
the check is so weak that one of ten random numbers is valid. So most numbers count only after a
word for their scheme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engines.privacy.pii.ocr import as_digits
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
    """Whether it is a British National Insurance number, by its form: it has no check digit (HMRC
    manual NIM39110)."""
    return _NINO.fullmatch(number.replace(" ", "").upper()) is not None


def _pension_insurance(number: str) -> bool:
    """Whether it is a German pension insurance number: area, date of birth, letter, serial number,
    check digit. The letter counts as two digits. The digits are weighted; the sum of the digits of
    all products ends in the check digit (VKVV, section 4)."""
    match = _RVNR.fullmatch(number.replace(" ", "").upper())
    if match is None:
        return False
    front, letter, serial, check = match.groups()
    digits = f"{front}{ord(letter) - ord('A') + 1:02d}{serial}"
    weighted = (int(digit) * weight for digit, weight in zip(digits, _RVNR_WEIGHTS, strict=True))
    return sum(product // 10 + product % 10 for product in weighted) % 10 == int(check)


def _health_insurance(number: str) -> bool:
    """Whether it is a German health insurance number: a letter and nine digits. The letter counts
    as two digits, every second digit is doubled, and the sum of the digits of all products ends in
    the last digit (section 290 SGB V)."""
    match = _KVNR.fullmatch(number.replace(" ", "").upper())
    if match is None:
        return False
    letter, serial, check = match.groups()
    digits = f"{ord(letter) - ord('A') + 1:02d}{serial}"
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in weighted) % 10 == int(check)


def _affiliation(number: str) -> bool:
    """Whether it is a Spanish social security number: province, number, and the remainder of both
    together by 97."""
    digits = re.sub(r"[ /-]", "", number)
    if re.fullmatch(r"\d{12}", digits) is None:
        return False
    short = digits[2] == "0"
    whole = int(digits[:2] + digits[3:10]) if short else int(digits[:10])
    return whole % 97 == int(digits[10:])


def _latvian(number: str) -> bool:
    """Whether it is a Latvian personal code (personas kods): six digits of the date of birth and
    five more, the last of which is a check digit (Cabinet regulation 142 of 2012)."""
    digits = number.replace("-", "").replace(" ", "")
    if re.fullmatch(r"\d{11}", digits) is None:
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, _LV_WEIGHTS, strict=False))
    return (1101 - weighted) % 11 % 10 == int(digits[10])


def _russian_insurance(number: str) -> bool:
    """Whether it is a Russian insurance number (SNILS): nine digits, and the remainder by 101 of
    their sum, weighted by 9 to 1."""
    digits = re.sub(r"[ -]", "", number)
    if re.fullmatch(r"\d{11}", digits) is None:
        return False
    weighted = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9]))
    return weighted % 101 % 100 == int(digits[9:])


def _american_employer(number: str) -> bool:
    """Whether it is a US employer number (EIN) as it is printed, with a hyphen. It has no check
    digit."""
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
"""Checks for schemes that python-stdnum does not know, or accepts without the usual separators."""


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
_ANY_CALLED = re.compile(  # like `_CALLED`, but does not tell the scheme: much faster
    rf"{WORD_BEGINS}(?:{any_called(schemes())}){NO_LETTER_BEHIND}", re.IGNORECASE
)
_OWNER = (
    rf"(?:\.?\s(?:(?:{any_of('of')})\s)?(?:{any_of('name_owner')}){NO_LETTER_BEHIND}"
    rf"|\.?\s(?:{any_of('of')})\s[^\W\d_]{{2,20}}(?:\s[^\W\d_]{{2,20}}){{0,2}}"
    r"(?:,\s[^\W\d_]{2,20}(?=\s?:))?)?"
)
_SAID_WHERE = (  # N° SS fiche de paie 1 71 ...
    r"(?-i:(?:\s[a-zà-ÿ]{2,3})?\s[a-zà-ÿ]{4,12}(?:\s[a-zà-ÿ]{2,12}){0,2})(?=:?\s\d)"
)
_NUMBER_WORD = rf"{_OWNER}\.?(?:{_SAID_WHERE}|{ASIDE})(?:\s?\([^()\n]{{1,24}}\))?{GAP}{{0,4}}"
_NUMBER_WORD += rf"(?:{whole_words(any_of('number', 'copula'))}{GAP}{{0,3}}){{0,2}}"
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
    """Valid numbers after a word for their scheme, and numbers of a few schemes whose form and
    check are unmistakable."""
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
    """The words for numbers in `text`. The number of a match's last group is that of the scheme."""
    place = _ANY_CALLED.search(text)
    while place is not None:
        match = _CALLED.match(text, place.start())
        if match is not None:
            yield match
        place = _ANY_CALLED.search(text, (match or place).end())


def _first_valid(shown: str, start: int, valid: tuple[Validity, ...]) -> Iterator[Span]:
    """The longest beginning of `shown`, cut between its groups, that one of the checks accepts as
    it is, or with letters that resemble digits read as digits."""
    ends = [match.end() for match in re.finditer(r"[A-Za-z0-9]+", shown)]
    for end in reversed(ends):
        number = _STOPS.sub("", shown[:end])
        if sum(sign.isdigit() for sign in number) < _FEWEST_DIGITS:
            return
        if len(number) > _LONGEST_CHARACTERS:
            continue
        readings = {number, as_digits(number[:-1]) + number[-1:]}
        if any(check(reading) for reading in readings for check in valid):
            yield Span("national_id", start, start + end)
            return
