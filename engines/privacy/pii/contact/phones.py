"""Finds phone numbers, by the numbering plans of the library `phonenumbers`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import phonenumbers

from engines.privacy.pii.numbers.documents import DATE
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import (
    NO_LETTER_BEHIND,
    NOT_PERSONAL,
    OTHER_NUMBER,
    PHONE,
    PHONE_NEAR,
    PHONE_NEAR_WORD,
    PHONE_WORD,
    preceded_by,
    whole_words,
)
from engines.privacy.pii.words.lexicon import any_of

_LIKELY = re.compile(r"\d(?:[^\nA-Za-z]{0,3}\d){5}")
_DIGITS = re.compile(r"\d(?:\D{0,24}+\d)*+")
_FAR = 24
"""Characters around the digits that are passed to the library: more than it allows between two
digits of a number, or examines beside it."""
_DATE = re.compile(DATE, re.IGNORECASE)
_SEPARATED = re.compile(r"\d[ ().\-/]+\d")
_NO_DIGIT = re.compile(r"\D")
_OTHER_SHAPE = re.compile(  # a decimal, IPv4 address, US ZIP+4, a quantity in groups of thousands
    r"(?:0?[1-9]|1[0-2])[./-](?:19|20)\d\d"  # a month
    r"|(?:19|20)\d\d ?[/-] ?\d{4,8}|\d{2}-\d{6}-\d{2}"  # a reference with its year
    r"|\d[.,]\d{5,}|[12]?\d{1,2}(?:\.[12]?\d{1,2}){3}|\d{5}-\d{4}|[1-9]\d?(?: \d{3}){2,}"
)
_HOUR = r"(?:[01]?\d|2[0-4])[.:h]?[0-5]\d"
_HOURS = re.compile(rf"{_HOUR} ?[-/] ?{_HOUR}")
_TIMETABLE = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?: (?:[01]\d|2[0-3])[0-5]\d)+")
_CALLED = re.compile(
    PHONE.pattern.removesuffix("$")
    + r"(?:[^\W\d_]+[ :]{1,2}){0,3}(?:(?<=[^\W\d_])|(?<![\w#.,:/+-]))"
    + r"((?:\+|00[1-9])\d{1,3}[ .()/-]{0,3}\d[\d ()./-]{5,16}\d|\(?0[1-9]\d?[\d ()./-]{6,14}\d)"
    + r"(?![\w-]|[.,:/]\d)",
    re.IGNORECASE,
)
_SPACED = re.compile(  # a digit in each box of a form
    PHONE.pattern.removesuffix("$")
    + r"(?:[^\W\d_]+[ :]{1,2}){0,3}(?<![\w#.,:/+-])(\+?\d(?: \d){8,12})(?![\w-]| ?[.,:/]?\d)",
    re.IGNORECASE,
)
_SPACED_BARE = re.compile(  # the landlord's number is 0 7 4 0 0 1 2 3 9 8 1
    rf"(?:(?<![^\W\d_])|(?<=-))(?:{any_of('bare_number', 'number')}|nr|num){NO_LETTER_BEHIND}\.?"
    r"(?:[ ][^\W\d_]+(?:['’][^\W\d_]+)?){0,5}[ :]{1,3}(?<![#.,/+-])(\+?\d(?: \d){8,12})"
    r"(?![\w-]| ?[.,:/]?\d)",
    re.IGNORECASE,
)
_BROKEN = re.compile(  # a number that goes on in the next line
    PHONE.pattern.removesuffix("$")
    + r"(\(?0\d{2,4}\)?[ /-]?\n ?\d[\d ./-]{3,9}\d)(?![\w-]| ?[.,:/]?\d)",
    re.IGNORECASE,
)
_BARE = re.compile(  # a mobile number in one piece behind "numero" alone
    rf"(?:^|[\n.;!?] ?){whole_words(any_of('bare_number'))}[ :]{{1,3}}"
    r"(0[67]\d{8}|07\d{9}|01[567]\d{8,9})(?![\w-]| ?[.,:/]?\d)",
    re.IGNORECASE,
)
_NEAR_PHONE = re.compile(
    PHONE.pattern.removesuffix("$") + r"(?:[^\W\d_]+\.?[ :=-]{1,3}){0,3}$", re.IGNORECASE
)
_FEWEST_DIGITS, _MOST_DIGITS = 9, 14
_FEWEST_ALONE = 8  # digits of a national number that no word calls a phone
_COUNTED = "12345678901234567890"
_HIGHEST_DRAWN = 50
_FEWEST_IN_ROW = 4
_FEWEST_SINGLE = 2
_ONLY_CALLED = frozenset({"PL", "PT", "NL", "AT", "CH", "BE", "IE", "AU", "BR"})
"""Countries whose numbers look like quantities, or like those of other countries. They count only
near a word for a phone, or in a notice such as "For sale"."""
_TRUNK_ZERO = frozenset({"GB", "DE", "FR", "AT", "CH", "NL", "BE", "AU", "JP", "SE", "FI", "IE"})


def find_phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """International numbers, then national ones of `regions`.

    A national number counts after a word for a phone, or if it has the usual form (groups of
    digits, the country's leading zero) and no word before it says that it is another number.
    """
    if not _LIKELY.search(text):
        return
    stretches = [Stretch.of(text, *match.span()) for match in _DIGITS.finditer(text)]
    for start, end in _valid(stretches, None):
        yield Span("phone", _after_open_bracket(text, start, end), end)
    for match in _BARE.finditer(text):
        yield Span("phone", *match.span(1), 0.7)
    for match in _SPACED_BARE.finditer(text):
        if _NO_DIGIT.sub("", match.group(1)) not in _COUNTED:
            yield Span("phone", match.start(1), match.end(1), 0.7)
    called = PHONE_WORD.search(text) is not None
    if called:
        yield from _plausible(text)
    noticed = PHONE_NEAR_WORD.search(text) is not None
    for region in regions:
        if region in _ONLY_CALLED and not (called or noticed):
            continue
        for start, end in _valid(stretches, region):
            if _is_national(text, start, end, region):
                yield Span("phone", _after_open_bracket(text, start, end), end, 0.9)


def _after_open_bracket(text: str, start: int, end: int) -> int:
    """Start of the number itself. Of "(+49 30 901820)" the library includes the opening bracket,
    but not the closing one."""
    opened, closed = text[start], text[start + 1 : end]
    is_open = (opened in "(\uff08" and not set(")\uff09") & set(closed)) or opened in "[\uff3b"
    return start + 1 if is_open else start


class Stretch(NamedTuple):
    """A part of a text with all digits that can belong to one number, and the characters around
    them."""

    start: int
    text: str
    digits: int
    international: bool
    """Whether it has a plus sign. Numbers without one do not contain their country code."""

    @classmethod
    def of(cls, text: str, first: int, behind: int) -> Stretch:
        """The stretch around the digits from `first` to before `behind`."""
        start = max(0, first - _FAR)
        part = text[start : behind + _FAR]
        digits = sum(character.isdigit() for character in part)
        return cls(start, part, digits, any(sign in part for sign in "+\uff0b"))


def _valid(stretches: Sequence[Stretch], region: str | None) -> Iterator[tuple[int, int]]:
    """Start and end of each valid number of `region`; None: of any country, with its country
    code."""
    fewest = 0 if region is None else _fewest_digits(region)
    for stretch in stretches:
        if stretch.digits < fewest or (region is None and not stretch.international):
            continue
        leniency = phonenumbers.Leniency.VALID
        for match in phonenumbers.PhoneNumberMatcher(stretch.text, region, leniency):
            yield stretch.start + match.start, stretch.start + match.end


@cache
def _fewest_digits(region: str) -> int:
    """Smallest number of digits of a valid number of the region, without the area code if it may be
    omitted; 0 if the library does not know the region."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    lengths = plan.general_desc if plan is not None else None
    if lengths is None:
        return 0
    return min((*lengths.possible_length, *lengths.possible_length_local_only), default=0)


def _plausible(text: str) -> Iterator[Span]:
    """Numbers after a word for a phone that look like phone numbers, even if the library refuses
    them: numbering plans grow, and some people write slashes ("06/71/83/20/94")."""
    for match in _CALLED.finditer(text):
        found = match.group(1)
        digits = _NO_DIGIT.sub("", found)
        fits = _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS
        if fits and not _is_row(found) and not _DATE.fullmatch(found):
            yield Span("phone", match.start(1), match.end(1), 0.8)
    for match in _BROKEN.finditer(text):
        if len(_NO_DIGIT.sub("", match.group(1))) >= _FEWEST_DIGITS:
            yield Span("phone", match.start(1), match.end(1), 0.7)
    for match in _SPACED.finditer(text):
        if _NO_DIGIT.sub("", match.group(1)) not in _COUNTED:
            yield Span("phone", match.start(1), match.end(1), 0.8)


def _is_national(text: str, start: int, end: int, region: str) -> bool:
    found = text[start:end]
    if re.search(r"[\w#.,:/+-]$", text[max(0, start - 1) : start]) and not preceded_by(
        PHONE, text, start
    ):
        return False
    if re.match(r"[\w-]|[.,:]\d|/\d(?!\d?(?![\w/.,-]))", text[end : end + 5]):
        return False
    if _DATE.search(found) and len(_NO_DIGIT.sub("", found)) <= 8:
        return False
    if preceded_by(PHONE, text, start):
        return True
    if _OTHER_SHAPE.fullmatch(found) or _is_row(found) or _HOURS.fullmatch(found):
        return False
    if preceded_by(NOT_PERSONAL, text, start) and not found.startswith("("):
        return False
    if preceded_by(_NEAR_PHONE, text, start) or preceded_by(PHONE_NEAR, text, start):
        return True
    if preceded_by(OTHER_NUMBER, text, start):
        return False
    if region in _ONLY_CALLED or (region == "US" and not _grouped_as_american(found)):
        return False
    if not _SEPARATED.search(found) or len(_NO_DIGIT.sub("", found)) < _FEWEST_ALONE:
        return False
    return region not in _TRUNK_ZERO or found.lstrip("( ").startswith("0")


def _grouped_as_american(found: str) -> bool:
    """Whether the digits are in groups of three, three and four, some of which may be joined. Those
    of "8471.30.0100" are not."""
    number = re.split(r"[^\W\d_]", found)[0]
    groups = tuple(map(len, re.findall(r"\d+", number)))
    return groups in {(3, 3, 4), (1, 3, 3, 4), (3, 7), (6, 4), (10,), (1, 10)}


def _is_row(found: str) -> bool:
    """Whether the text is a row of numbers and not a phone number: numbers in equal steps, as on a
    ruler (`06 07 08 09 10`); rising pairs, as drawn in a lottery (`04 11 23 35 42`); at least two
    single digits (`4 8 15 16 23 42`); the digits in order; or a timetable (`0714 0729 0744`)."""
    groups = [int(group) for group in re.findall(r"\d+", found)]
    steps = {after - before for before, after in pairwise(groups)}
    singles = len(re.findall(r"(?<!\d)\d(?!\d)", found))
    if _NO_DIGIT.sub("", found) in _COUNTED:
        return True
    grows = groups == sorted(set(groups))
    many = len(groups) >= _FEWEST_IN_ROW
    pairs = many and max(groups) <= _HIGHEST_DRAWN
    return (
        singles >= _FEWEST_SINGLE
        or (many and len(steps) == 1)
        or (grows and pairs)
        or (grows and _TIMETABLE.fullmatch(found) is not None)
    )
