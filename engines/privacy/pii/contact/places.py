"""Finds coordinates in text: decimal degrees, degrees with minutes and seconds, plus codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import (
    GAP,
    NO_LETTER_BEFORE,
    NO_LETTER_BEHIND,
    preceded_by,
    whole_words,
)
from engines.privacy.pii.words.lexicon import any_of

_NUMBER = r"[+-]?\d{1,3}[.,]\d{2,12}"
_PAIR = re.compile(
    rf"(?<![\w.,/-])({_NUMBER})(?:\s{{0,2}}[,;/]\s{{0,3}}|\s{{1,3}})({_NUMBER})"
    r"(?![\w%€$]|[.,:/-]\d|\s{0,2}[,;/]\s{0,3}[+-]?\d+[.,]\d)"
)
_PLACE_WORD = re.compile(
    whole_words(any_of("coordinates")) + rf"(?: ?\([^()\n]{{1,24}}\))?{GAP}{{0,6}}$", re.IGNORECASE
)
_NAMED = re.compile(
    rf"{NO_LETTER_BEFORE}(?:{any_of('latitude')}){NO_LETTER_BEHIND}\.?[\s:=\"']{{0,5}}({_NUMBER})"
    rf"[\s,;°/\"'NS]{{0,8}}(?:{any_of('longitude')}){NO_LETTER_BEHIND}\.?[\s:=\"']{{0,5}}({_NUMBER})",
    re.IGNORECASE,
)
_SECONDS = r"\d{1,2}(?:[.,]\d{1,6})?\s?(?:[\"”″]|['’′´]{2})"
_MINUTES = rf"\d{{1,2}}(?:[.,]\d{{1,6}})?\s?['’′´]?\s?(?:{_SECONDS})?"
_DEGREE = r"\s?(?:[°º˚]|deg)\s?"
_ANGLE = (
    rf"(\d{{1,3}})(?:{_DEGREE}(?:{_MINUTES})?|\s\d{{1,2}}\.\d{{2,4}}['’′]?"
    r"|[.,]\d{3,12}(?:\s?[°º˚])?)"
)
_COMPASS = re.compile(
    rf"(?<!\w)(?:{_ANGLE}\s?[NS]|[NS]\s?{_ANGLE})(?!\w)[\s,;/]{{0,4}}"
    rf"(?<!\w)(?:{_ANGLE}\s?[EWO]|[EWO]\s?{_ANGLE})(?!\w)"
)
_LINKED = re.compile(  # of RFC 5870, and of links to maps
    rf"(?:(?<!\w)geo:|(?:[?&](?:q|ll|query|center|daddr|destination)=|/@))({_NUMBER}),({_NUMBER})"
)
_PLUS = "23456789CFGHJMPQRVWX"
_PLUS_CODE = re.compile(
    rf"(?<![A-Za-z0-9+])[2-9C][2-9CFGHJMPQRV][{_PLUS}]{{6}}\+[{_PLUS}]{{2,3}}(?![A-Za-z0-9+])"
)
"""Complete Open Location Codes (plus codes). Each stands for a square of 14 m."""
_ONE_MORE = re.compile(r"\d[.,]\d+\s{0,2}[,;/]\s{0,3}$")
_FAR = 24
_SHOWN_ALONE = 5
"""Decimal places of coordinates that no word announces. Five are about one meter."""
_SHOWN_CALLED = 3
_OUTSIDE_OF_RATIOS = 10
_HIGHEST = (90, 180)


def find_coordinates(text: str) -> Iterator[Span]:
    """Latitude and longitude, in this order. Two plain numbers count if both have three decimal
    places and follow a word for coordinates, or if both have five decimal places and one of them is
    at least 10, so that they are probably no ratios."""
    for pattern in (_COMPASS, _NAMED, _LINKED):
        for match in pattern.finditer(text):
            if _on_earth(*(found for found in match.groups() if found is not None)):
                yield Span("gps_location", match.start(), match.end())
    for match in _PAIR.finditer(text):
        if _on_earth(*match.groups()) and _are_meant(match, text):
            yield Span("gps_location", match.start(), match.end(), 0.9)
    for match in _PLUS_CODE.finditer(text):
        if re.search(r"\d", match.group()):
            yield Span("gps_location", match.start(), match.end(), 0.8)


def _are_meant(match: re.Match[str], text: str) -> bool:
    if _ONE_MORE.search(text, max(0, match.start() - _FAR), match.start()):
        return False
    shown = min(len(re.split("[.,]", number)[1]) for number in match.groups())
    if preceded_by(_PLACE_WORD, text, match.start()):
        return shown >= _SHOWN_CALLED
    large = max(abs(number) for number in map(_degrees, match.groups())) >= _OUTSIDE_OF_RATIOS
    return shown >= _SHOWN_ALONE and large


def _on_earth(latitude: str, longitude: str) -> bool:
    return abs(_degrees(latitude)) <= _HIGHEST[0] and abs(_degrees(longitude)) <= _HIGHEST[1]


def _degrees(number: str) -> float:
    return float(number.replace(",", "."))
