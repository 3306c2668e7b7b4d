"""Whether the words beside a name say that it is not the name of a private person, but of a thing,
a team, a ruler or a ware."""

from __future__ import annotations

import re

from engines.privacy.pii.contact.people import CAPITAL, is_author
from engines.privacy.pii.words.context import NO_LETTER_BEHIND
from engines.privacy.pii.words.given import is_given
from engines.privacy.pii.words.lexicon import any_of, listed
from engines.privacy.pii.words.likeness import likeness

_OPPONENT_BEFORE = re.compile(rf"(?<![^\W\d_]){CAPITAL}[^\W\d_]+[ ](?:[–-]|vs\.?)[ ]$")
_SCORE = re.compile(r"[ ]{1,2}\(?\d{1,2}[ ]?[:–-][ ]?\d{1,2}(?![\d:h])")
_OPPONENT_AND_SCORE = re.compile(rf"[ ][–-][ ]{CAPITAL}[^\n\d]{{2,30}}{_SCORE.pattern}")
_PRICED = re.compile(  # , 3,20 € le kilo
    r"[ ]?[,:–-]?[ ](?:€[ ]?|£|\$)?\d{1,4}(?:[.,]\d{1,2})?[ ]?(?:€|zł|EUR|PLN|£|\$)?[ ]?"
    r"(?i:/[ ]?|(?:le|la|al|il|das|the|a|za|pro|per|par|por|het|el)[ ])?"
    r"(?i:kilo|kg|lb|l|litr[eo]?|liter|st(?:ü|u)ck|stk|st|stuk|szt|pz|pezzo|ud|unidad|pièce|pce|each|cl|ml|dl|gr?|cm|mm|oz|pints?|w|v"
    r"|100[ ]?g|bunch|bund|schale|mazzo|manojo|botte|bosje|pęczek)(?![^\W\d_])"
)
_PROPER = re.compile(rf"(?<![^\W\d_])({CAPITAL}[^\W\d_]{{1,30}})[ ]{CAPITAL}[^\W\d_]{{1,30}}[ ]$")
_CAPTION = re.compile(  # Olga Boznańska, Dziewczynka z chryzantemami, 1894
    r",[ ][^\W\d_][^\n,\d]{3,60}[ ][^\n,\d]{2,40},[ ](?:[^\W\d_]{1,6}\.?[ ])?(?:1[4-9]|20)\d\d"
    r"(?:[–/-](?:1[4-9]|20)?\d\d)?[ .]?(?:$|\n)"
)
_RULER = re.compile(
    rf",?[ ](?:\d+[ .]|[^\W\d_]+[ ]){{0,2}}(?:{any_of('ruler')}){NO_LETTER_BEHIND}", re.IGNORECASE
)
_QUOTES = ('"', "'", "“", "„", "«", "‚", "»")
_NO_SENTENCE = re.compile(r"[’']s?[ ]|[ ]?[™®©&+]|[ ]?[\"”»“]|[ ]\((?:1[5-9]|20)\d\d")
_AND = re.compile(rf"[ ](?:&|\+)[ ](?=({CAPITAL}[^\W\d_]+))")
_WORD_BEHIND = re.compile(r"(?<![^\W_])([^\W\d_]+)([ ]?\d)?")  # not: 3rd floor
_ENDS_OF_THINGS = listed("thing_end")  # Kreuzfahrtschiff, basisschool
_AROUND, _SHORT, _GIVEN_AND_SURNAME = 40, 3, 2
THINGS = frozenset(listed("no_label", "street_behind", "street_end", "work", "thing"))
THINGS -= frozenset(listed("to_whom", "for_whom"))
_LABELS = frozenset(listed("no_label", "chapter"))
_VERSUS, _READS = frozenset(listed("versus")), frozenset(listed("reads"))
_THINGS_BEFORE = frozenset(listed("ship")) | THINGS | frozenset(listed("street_before"))


def is_called_otherwise(text: str, start: int, end: int) -> bool:
    """Whether words before or behind the name say that it is the name of a thing: "Hotel Maria
    Berger", "Anna Berger Stiftung", "film: Anna Berger"."""
    before = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
    words = re.findall(r"(?<![^\W_])[^\W\d_]+", before.lower())  # not: 1st
    if is_label_of_things(text, start):
        return True
    near = [] if before.rstrip().endswith((":", ",")) else words[-1:]
    if near and len(near[0]) <= _SHORT:  # Szkoła im. Jana ...
        near = words[-2:]
    proper = _PROPER.search(before)  # Colegio Público Miguel ...
    if proper is not None and proper.group(1).lower() in _THINGS_BEFORE:
        return True
    elided = before.lower().endswith((" d'", " d’"))
    reads = bool(_READS.intersection(words[-2:]))  # it reads "..."
    quoted = before.endswith(_QUOTES) and not (elided or reads)
    if not _THINGS_BEFORE.isdisjoint(near) or quoted or _is_team(text[start:end], before):
        return True
    if near and near[-1][_SHORT:].endswith(_ENDS_OF_THINGS):
        return True
    if is_author(text, start, end):
        return True
    if (
        _CAPTION.match(text, end)
        or _PRICED.match(text, end)
        or _RULER.match(text, end)
        or _is_of_game(text, start, end)
    ):
        return True
    behind = text[end : end + _AROUND].partition("\n")[0]
    if before.endswith(_QUOTES):
        behind = behind.lstrip("\"'”»“«")
    also = _AND.match(behind)
    if _NO_SENTENCE.match(behind) and not (also and is_given(also.group(1))):
        return True
    thing = _WORD_BEHIND.search(behind)
    if thing is None or (behind.startswith(",") and thing.group(2)):  # Anna Berger, room 4
        return False
    return thing.group(1).lower() in THINGS


def _is_team(name: str, before: str) -> bool:
    """Whether the name is that of a team: behind "Arsenal versus", and not much like a person's."""
    words = before.split()[-2:]
    if len(words) < _GIVEN_AND_SURNAME or words[1].strip(".").lower() not in _VERSUS:
        return False
    first, *_, last = name.split()
    return words[0][0].isupper() and not (is_given(first) and likeness(last).surname > 0)


def _is_of_game(text: str, start: int, end: int) -> bool:
    """Whether the name is that of one of two teams: "Anderlecht - Anna Berger 1:0"."""
    before = _OPPONENT_BEFORE.search(text[max(0, start - _AROUND) : start]) is not None
    return (_SCORE if before else _OPPONENT_AND_SCORE).match(text, end) is not None


def is_label_of_things(text: str, start: int) -> bool:
    """Whether a label before `start`, on the same line, names a thing: "Film: "."""
    before = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
    if ":" not in before:
        return False
    words = re.findall(r"[^\W\d_]+", before.rpartition(":")[0].lower())
    return not _LABELS.isdisjoint(words)
