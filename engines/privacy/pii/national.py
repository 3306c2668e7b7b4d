"""Numbers that a state gives to a person: identity cards, taxes, social insurance.

Which number is valid is python-stdnum's knowledge (check digits, dates and regions within). Most
schemes are short, so that any tenth number fits: those count only where a word calls them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.context import GAP, whole_words
from engines.privacy.pii.lexicon import Validity, alternatives, any_of, schemes, standard
from engines.privacy.pii.spans import Span

_LONGEST_CHARACTERS = 24
_STOPS = re.compile(r"[./]")
_NINO = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.IGNORECASE
)


def _national_insurance(number: str) -> bool:
    """A British National Insurance number has no check digit (HMRC manual NIM39110)."""
    return _NINO.fullmatch(number.replace(" ", "").upper()) is not None


def _check(module: str) -> Validity:
    return _national_insurance if module == "gb.nino" else standard(module)


_VALID = tuple(tuple(_check(module) for module in scheme.modules) for scheme in schemes())
_CALLED = re.compile(
    "|".join(f"({whole_words(alternatives(scheme.words))})" for scheme in schemes()), re.IGNORECASE
)
_NUMBER_WORD = rf"{GAP}{{0,4}}(?:{whole_words(any_of('number') + '|is')})?"
_BEHIND = re.compile(
    rf"{_NUMBER_WORD}{GAP}{{0,6}}([A-Za-z0-9]{{1,18}}(?:[ ./-]{{1,2}}[A-Za-z0-9]{{1,14}}){{0,7}})",
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
)


def find_national_numbers(text: str) -> Iterator[Span]:
    """Numbers behind a word that calls them so, and those whose shape and check leave no doubt."""
    for match in _CALLED.finditer(text):
        valid = _VALID[(match.lastindex or 1) - 1]
        behind = _BEHIND.match(text, match.end())
        if behind is not None:
            yield from _first_valid(behind.group(1), behind.start(1), valid)
    for pattern, is_valid in _ALONE:
        for match in pattern.finditer(text):
            if is_valid(match.group()):
                yield Span("national_id", match.start(), match.end())


def _first_valid(shown: str, start: int, valid: tuple[Validity, ...]) -> Iterator[Span]:
    """The longest beginning of `shown`, cut between its groups, that one scheme knows."""
    ends = [match.end() for match in re.finditer(r"[A-Za-z0-9]+", shown)]
    for end in reversed(ends):
        number = _STOPS.sub("", shown[:end])
        if len(number) <= _LONGEST_CHARACTERS and any(check(number) for check in valid):
            yield Span("national_id", start, start + end)
            return
