"""Finds numbers of passports and other documents, number plates and dates of birth, most of them
after a word that says what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.numbers.checksums import mrz_digit
from engines.privacy.pii.ocr import as_digits
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import ASIDE, GAP, NO_LETTER_BEFORE, NO_LETTER_BEHIND
from engines.privacy.pii.words.lexicon import any_of

_NUMBER = (
    rf"(?:\s?(?:(?:{any_of('number', 'copula')})\b|n[°ºo.]|№|#))?"
    rf"{GAP}{{0,6}}"
)
_YEAR = r"(?:19|20)\d\d"
_MONTH = rf"(?:{any_of('months')})[^\W\d_]{{0,9}}"
_ORDINAL = r"st|nd|rd|th|er|e|ème|ten|te|sten|ste|de|\.|º|°"
DATE = (
    rf"(?:\d{{1,2}}\s?[./ -]\s?\d{{1,2}}\s?[./ -]\s?(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?\d{{1,2}}"
    rf"|\d{{1,2}}(?:{_ORDINAL})?[ -]?(?:(?:of|de)\s)?{_MONTH}"
    rf"[.,-]?\s?(?:de\s)?{_YEAR}"
    rf"|{_MONTH}\.?[ -]?\d{{1,2}}(?:st|nd|rd|th)?[,-]?\s?{_YEAR}|\d{{8}})(?!\d)"
)
_ISSUED = (
    rf",?\s(?:{any_of('issued')})(?:\s(?:{any_of('before_date')}))?\s(?:{DATE}|\d\d/{_YEAR})"
    r"(?:,?\s[^\W\d_]{1,3}\s[^\W\d_]{2,20})?,?"
    rf"(?:\s(?:{any_of('under')}){NO_LETTER_BEHIND})?"
)
"""Date and place of issue, which may come before a document's number."""
_PASSPORT = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:{any_of('passport')})(?:{NO_LETTER_BEHIND}|(?=(?i:n[or°º]|num)))"
    rf"{ASIDE}(?:\s(?i:(?:cat|kat|class|classe|clase|klasse|kl)\.?\s)?[A-E]\d?\b,?)?"
    rf"(?i:\s(?:{any_of('nationality')}){NO_LETTER_BEHIND})?"
    rf"(?i:\s(?:{any_of('details')}){NO_LETTER_BEHIND})?(?i:{_ISSUED})?(?:\s?\([^()\n]{{2,20}}\))?"
    rf"(?:(?:\s[a-zà-ÿ]{{2,12}}){{1,3}},?(?=\s(?i:n[or]\b|n[°º])))?(?i:{_NUMBER}){{1,2}}"
    r"(?:[^\W\d_]{3,12}\s?:\s?|(?<=: )[^\W\d_]{3,12}\s(?=[A-Z0-9]*\d))?"
    rf"(?:[^\W\d_]{{3,12}} (?i:dl|id) )?(?:[1-9][a-d]?[.)]\s{{1,2}})?(?i:(?:{any_of('series')})\s)?"
    rf"([A-Z]{{2,3}} (?i:{any_of('number')})\.? \d{{3}} ?\d{{3,4}}"
    r"|[A-Z0-9](?:[ /-]?[A-Z0-9]){5,15})(?![A-Za-z0-9])"
)
"""A word for a document, and its number. Between them a form may print: the number of a field
("5."), a class, a second label ("/ expiry:"), the state that issued it ("California DL"), or the
series of the number ("seria ER nr 7710452")."""
_STROKES = re.compile(r"\d{5}/\d{2}/\d{4}|\d{3}-\d{7}-\d{2}")
_PLATE = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:(?:{any_of('plate')})(?:\s(?:{any_of('vehicle')}))?{ASIDE}"
    rf"|(?:{any_of('plate_colon')})\.?\s?:)(?i:{_NUMBER}){{1,2}}"
    r"([A-ZÄÖÜ0-9]{1,4}(?:[ ·.-]{1,3}[A-Z0-9]{1,7}){0,3}|[A-Z0-9]{5,8})(?![A-Za-z0-9])"
)
_SHAPES = (  # of number plates, as they are printed
    r"[A-Z]{2}\d{2} ?[A-Z]{3}",  # GB
    r"[A-Z]{2}[ -]\d{3}[ -][A-Z]{2}|[A-Z]{2}\d{3}[A-Z]{2}",  # FR, IT
    r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\d{1,4}[EH]?|[A-ZÄÖÜ]{1,3} [A-Z]{1,2} \d{2,4}[EH]?",  # DE
    r"\d{4}[ -]?[B-DF-HJ-NPR-TV-Z]{3}",  # ES
    r"\d{2}-[A-Z]{2}-\d{2}|\d{2}-\d{2}-[A-Z]{2}|[A-Z]{2}-\d{2}-\d{2}|\d{2}-[A-Z]{2,3}-[A-Z\d]{1,2}"
    r"|[A-Z]-\d{3}-[A-Z]{2}|[A-Z]{2}-\d{3}-[A-Z]|\d-[A-Z]{3}-\d{2}"
    r"|[A-Z]{2}-[A-Z]{2}-\d{2}|[A-Z]{2}-\d{2}-[A-Z]{2}",  # NL, PT
    r"[A-Z]{2,3} ?(?:\d{5}|\d{4}[A-Z]|\d{3}[A-Z]{2}|\d[A-Z]\d{3}|\d{2}[A-Z]\d{2}|\d[A-Z]{2}\d{2})"
    r"|[A-Z]{3} ?(?:[A-Z]\d{3}|\d{2}[A-Z]{2}|\d[A-Z]\d{2}|\d{2}[A-Z]\d|\d[A-Z]{2}\d"
    r"|[A-Z]{2}\d{2})",  # PL
    r"\d[A-Z]{3}\d{3}|[A-Z]{3}-\d{4}|[A-Z]{3}\d[A-Z]\d{2}",  # US, BR
    r"R-?\d{4}-?[B-DF-HJ-NPR-TV-Z]{3}|\d{2}-W[A-Z]-[A-Z]{2}|\d[A-Z]{2}[ -]\d(?:\d{2}|[A-Z]{2})"
    r"|(?:A[GIR]|B[ELS]|FR|G[ELR]|JU|LU|N[EW]|OW|S[GHOZ]|T[GI]|UR|V[DS]|Z[GH]) \d{4,6}",  # CH
)
_PLATE_NEAR = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:{any_of('plate_near')}){NO_LETTER_BEHIND}"
    rf"[^\n]{{0,28}}?(?<![A-Za-z0-9-])({'|'.join(_SHAPES)})(?![A-Za-z0-9-])"
)
_PLATE_BEFORE = re.compile(  # KR 7M218 - miejsce 14
    rf"(?<![A-Za-z0-9-])({'|'.join(_SHAPES)})(?![A-Za-z0-9-])[ ]?[ ,;:(!–-][ ]?"
    r"(?:[^\W\d_]{1,8}[ ])?"
    rf"(?i:{any_of('plate_near', 'plate_behind')}){NO_LETTER_BEHIND}"
)
_DAY = rf"(?:{any_of('days')}|\d{{1,2}}(?:{_ORDINAL})?)"
_DAY_SAID = rf"(?:{any_of('days')})"
_YEAR_SAID = rf"(?:{_YEAR}|(?:{any_of('century')})[^\W\d_]*(?:[ -][^\W\d_]+){{0,4}})"
_ROMAN = r"(?:I{1,3}|IV|VI{0,3}|IX|XI{0,2}|X)"
BIRTH_DATE = (
    rf"(?:{DATE}|{_DAY}\s(?:(?:of|de)\s)?{_MONTH},?\s(?:(?:del?|of)\s)?{_YEAR_SAID}"
    rf"|{_MONTH}\s(?:the\s)?{_DAY_SAID},?\s{_YEAR_SAID}"
    rf"|\d{{1,2}}[ ./-]{{1,2}}{_ROMAN}[ ./-]{{1,2}}{_YEAR}|\d{{1,2}}[./-]\d{{1,2}}[./-]\s?['’]\d\d"
    rf"|\d{{1,2}}\s?{_MONTH}\s?/\s?{_MONTH}\s?(?:{_YEAR}|\d\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d(?!\d)"
    rf"|(?:{any_of('day_word')})\W{{0,2}}\d{{1,2}}\W{{1,3}}(?:{any_of('month_word')})\W{{0,2}}"
    rf"(?:\d{{1,2}}|{_MONTH})\W{{1,3}}(?:{any_of('year_word')})\W{{0,2}}(?:{_YEAR}|\d\d)"
    r"|\d ?\d(?: [/.|-])? ?\d ?\d(?: [/.|-])? ?[12] ?[09](?: ?\d){2}(?!\d)"
    rf"|\d{{1,2}} ?\| ?\d{{1,2}} ?\| ?{_YEAR}"
    rf"|\d{{1,2}}\.?\s?{_MONTH}\.?\s?['’]\d\d|\d{{1,2}}[ ./-]{_MONTH}\.?[ ./-]\d\d(?!\d))"
)
"""`DATE`, and dates in words ("the fifth of May 1980", "le cinq mai mil neuf cent quatre-vingt"),
with Roman months ("5 V 1980"), in two languages as in passports ("05 MAI/MAY 80"), and "050580"."""
_PLACE = (
    rf"(?:\s(?:{any_of('born_in')})\s[^\W\d_][^\W\d_' -]{{1,30}}?(?:\s?\([^\W\d_]{{2,20}}\))?"
    rf"|\s[^\W\d_]{{2,20}}(?:[ -][^\W\d_]{{2,20}})?(?=\s(?:{any_of('before_date')})\s)"
    r"|[:\s]{1,3}[^\W\d_][^\W\d_' -]{1,30},|(?:\s[^\W\d_]{2,14}){1,4},(?=\s?\d)"
    r"|:?\n[^\W\d_]{2,30}(?:\s?\([^\W\d_]{2,20}\))?)?"
)
_HOUR = (  # born at 04:12 on 9 December 2023
    rf"(?:\s?(?:{any_of('birth_at_hour')})?\s?\d{{1,2}}[:.h]\d\d(?:\s?(?:uhr|uur|h|am|pm))?,?\s"
    rf"(?=(?:{any_of('before_date')})\s))?"
)
_HINT = r"(?:[djtgmalry]{1,4}[./ -][djtgmalry]{1,4}[./ -][djtgmalry]{2,4}\)?\s{1,2})?"
"""The format of a date that a form asks for: "JJ/MM/AAAA"."""
_BIRTH = re.compile(
    rf"{NO_LETTER_BEFORE}(?<![-.*\d])(?:{any_of('birth')})"
    rf"(?:(?:\s(?:{any_of('of')}))?\s(?:{any_of('name_owner')}){NO_LETTER_BEHIND})?(?:{_PLACE}|{ASIDE})"
    rf"(?:\s?\([^()\n\d]{{1,30}}\))?{_HOUR}{GAP}{{0,6}}{_HINT}"
    rf"(?:(?:{any_of('before_date', 'copula')})\s?){{0,3}}{GAP}{{0,4}}({BIRTH_DATE})(?!\d)",
    re.IGNORECASE,
)
_BORN_BEHIND = re.compile(  # am 14. Mai 2015 in Gera geboren; ... kam unsere Tochter zur Welt
    rf"(?<![-.*\d])({BIRTH_DATE})(?:{_PLACE},?\s(?:{any_of('birth_behind')}){NO_LETTER_BEHIND}"
    rf"|\s?\((?:{any_of('birth')})\)|\s?(?:{any_of('birth_after')}){NO_LETTER_BEHIND}"
    rf"|(?:,?\s[^\W\d_]{{1,14}}){{0,4}}?\s(?:{any_of('born_later')}){NO_LETTER_BEHIND})",
    re.IGNORECASE,
)
_BORN_IN_BRACKETS = re.compile(  # Indagato C. D. (n. 30 gennaio 1997)
    rf"\((?:n|nac|f\. ?nac)\.\s?({BIRTH_DATE})\)", re.IGNORECASE
)
_BORN_AT = re.compile(  # n. a Siena il 14/05/2015
    rf"{NO_LETTER_BEFORE}(?:{any_of('birth_at')})\s(?:{any_of('born_in')})"
    r"\s[^\W\d_][^\W\d_' -]{1,30}?(?:\s?\([^\W\d_]{2,20}\))?,?"
    rf"\s(?:{any_of('before_date')})\s({BIRTH_DATE})(?!\d)",
    re.IGNORECASE,
)
_PHONE_IN_PAIRS = re.compile(r"0\d(?:[ .-]?\d\d){4}")  # numéro perso 07 81 46 20 93
_MRZ_NAME = re.compile(r"[PIACV][A-Z<][A-Z<]{3}[A-Z0-9<]{20,45}")
_MRZ_DIGITS = "[0-9OQDILSBZ]"  # a digit as printed, or the letter that OCR takes it for
_MRZ_DATES = rf"({_MRZ_DIGITS}{{6}})({_MRZ_DIGITS})[MFX<]({_MRZ_DIGITS}{{6}})({_MRZ_DIGITS})"
_MRZ_NUMBER = re.compile(rf"([A-Z0-9<]{{9}})({_MRZ_DIGITS})[A-Z0-9<]{{3}}{_MRZ_DATES}")
_MRZ_CARD = re.compile(rf"{_MRZ_DATES}[A-Z0-9<]{{3}}")
_MRZ_LETTERS = str.maketrans("0158", "OISB")
_FEWEST_DIGITS, _FEWEST_WITHOUT_VOWEL = 5, 3
_MOST_DIGITS_ALONE = 7  # of a plate without letters
_VOWELS = frozenset("AEIOU")
_PASSPORT_CHARACTERS, _FEWEST_IN_PASSPORT, _FEWEST_OF_NINE = 9, 4, 2
_LONGEST_DOCUMENT = 16  # a British driving licence
_LEAST_FILLERS = 5
_MOST_LOWER_CASE = 0.1


def find_passports(text: str) -> Iterator[Span]:
    """Numbers after a word for a passport or another document, and machine-readable zones (ICAO
    9303), recognized by their form and their check digits."""
    match = _PASSPORT.search(text)
    while match is not None:
        number = match.group(1)
        found = _printed_as_document(number) and _is_document(re.sub(r"[ /-]", "", number))
        if found:
            yield Span("passport", match.start(1), match.end(1))
        # If it is no number, it may be another word for a passport: "PASAPORTE/PASSPORT".
        match = _PASSPORT.search(text, match.end(1) if found else match.start(1))
    for match in re.finditer(r"[^\n]+", text):
        line = match.group().replace(" ", "")
        lower = sum(character.islower() for character in line)
        if lower <= _MOST_LOWER_CASE * len(line) and _is_machine_readable(line.upper()):
            yield Span("passport", match.start(), match.end())


def _printed_as_document(number: str) -> bool:
    """Whether the number is printed like that of a document. Digits with hyphens or slashes, but
    without letters, may be a date and count only in the form of Polish licences and of Belgian
    identity cards."""
    if _PHONE_IN_PAIRS.fullmatch(number):
        return False
    apart = "-" in number or "/" in number
    return not apart or any(sign.isalpha() for sign in number) or bool(_STROKES.fullmatch(number))


def _is_document(number: str) -> bool:
    """Whether the text has enough digits to be a document's number and not a word: five; three if
    it has no vowel; four if it has nine characters, as the numbers of passports have (ICAO 9303);
    two if both is so. At most 16 characters."""
    no_word = not _VOWELS.intersection(number)
    fewest = _FEWEST_WITHOUT_VOWEL if no_word else _FEWEST_DIGITS
    number = re.sub(r"(?<=[A-Z])(?:NR|Nr|nr|NO|No|no)\.?(?=\d)", "", number)
    if len(number) == _PASSPORT_CHARACTERS:
        fewest = _FEWEST_OF_NINE if no_word else min(fewest, _FEWEST_IN_PASSPORT)
    return _digits(number) >= fewest and len(number) <= _LONGEST_DOCUMENT


def _is_machine_readable(line: str) -> bool:
    """Whether the text is a line of a machine-readable zone: a line of names, in which digits are
    misread letters, or a line whose check digits are right."""
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
    """Whether `digit` is the check digit of a field, as it was read or with letters replaced by the
    digits that they resemble."""
    expected = as_digits(digit)
    return expected in (mrz_digit(value), mrz_digit(as_digits(value)))


def find_plates(text: str) -> Iterator[Span]:
    """Number plates after a word for them. Without it they are not recognized, because their forms
    differ too much between countries."""
    for match in _PLATE.finditer(text):
        plate = re.sub(r"[^A-ZÄÖÜ0-9]", "", match.group(1))
        many = plate.isdigit() and len(plate) > _MOST_DIGITS_ALONE
        if 4 <= len(plate) <= 10 and _digits(plate) >= 1 and not many and not _is_year(plate):
            yield Span("license_plate", match.start(1), match.end(1))
    for pattern in (_PLATE_NEAR, _PLATE_BEFORE):
        for match in pattern.finditer(text):
            if not _is_year(match.group(1)):
                yield Span("license_plate", match.start(1), match.end(1), 0.8)


def find_birth_dates(text: str) -> Iterator[Span]:
    """Dates before or after a word for a birth."""
    for pattern in (_BIRTH, _BORN_BEHIND, _BORN_AT, _BORN_IN_BRACKETS):
        for match in pattern.finditer(text):
            yield Span("date_of_birth", match.start(1), match.end(1))


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _is_year(text: str) -> bool:
    return re.fullmatch(_YEAR, text) is not None
