"""Corrects errors of OCR where that is safe, and removes characters that readers cannot see. All
functions but `unhidden` keep the length of the text, so that positions do not change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TRANSLATION = str.maketrans(
    {
        **{chr(wide): chr(narrow) for wide, narrow in _WIDE.items()},
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000\t", " "),
        "\u3002": ".",
        "\u00ab": "<",
        "\u2039": "<",
    }
)
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters without a visible shape that are letters or marks in Unicode."""
_DIGIT_OF = str.maketrans("OoQDILl|SsBZz", "0000111155822")
_UPPER_OF, _LOWER_OF = str.maketrans("015", "OIS"), str.maketrans("015", "ols")
_MISREAD_WORD = re.compile(
    r"(?<![^\W_])[015]?[^\W\d_]+[015](?:[^\W\d_]|[015](?=[^\W\d_]))+(?![^\W_])"
)
_MOST_DIGITS_IN_WORD, _FEWEST_LETTERS = 2, 4
_BEFORE_WORD, _BEHIND_WORD = 80, 160
"""Characters around a misread word that are searched again: a label and what it names."""
_TOKEN = re.compile(r"[A-Za-z0-9|]+")
_CONFUSABLE = frozenset("OoQDIl|SsBZz0123456789")
_GROUPS = re.compile(
    r"(?<![A-Za-z0-9|])(?=[A-Za-z|]*[0-9])[OoQDIl|SsBZz0-9]+"
    r"(?:[ .-][OoQDIl|SsBZz0-9]+){1,6}(?![A-Za-z0-9|])"
)
_FEWEST_IN_GROUPS = 9


def narrowed(text: str) -> str:
    """The text with full-width characters, special dashes and special spaces replaced by ASCII."""
    return text.translate(_TRANSLATION)


def unhidden(text: str) -> tuple[str, list[int]]:
    """`text` without characters that readers cannot see (zero-width characters, soft hyphens, marks
    of the writing direction), and the position in `text` of each remaining character."""
    places = [at for at, character in enumerate(text) if not _is_hidden(character)]
    return "".join(text[at] for at in places), places


def _is_hidden(character: str) -> bool:
    return character in _FILLERS or unicodedata.category(character) == "Cf"


def as_digits(text: str) -> str:
    """The text with every letter that resembles a digit replaced by that digit."""
    return text.translate(_DIGIT_OF)


def digitised(text: str) -> str:
    """The text with letters that resemble digits (O, l, S, B, ...) replaced by digits, in words of
    which at least half are digits, and in long numbers of several groups (`650-253-OOOO`)."""
    return _TOKEN.sub(_as_digits, _GROUPS.sub(_groups_as_digits, text))


def lettered(text: str) -> Iterator[tuple[int, str]]:
    """Parts of the text around words of at least four characters of which one or two, in their
    middle or at their start, are digits that resemble letters (`PASSP0RT`, `Geb0ren`), with these
    digits replaced by letters; and where each part starts."""
    end = 0
    for match in _MISREAD_WORD.finditer(text):
        if match.end() <= end or _as_letters(match) == match.group():
            continue
        start, end = max(end, match.start() - _BEFORE_WORD), match.end() + _BEHIND_WORD
        yield start, _MISREAD_WORD.sub(_as_letters, text[start:end])


def _as_letters(match: re.Match[str]) -> str:
    word = match.group()
    digits = sum(character.isdigit() for character in word)
    if digits > _MOST_DIGITS_IN_WORD or len(word) < _FEWEST_LETTERS * digits:
        return word
    return word.translate(_UPPER_OF if word.upper() == word else _LOWER_OF)


def _groups_as_digits(match: re.Match[str]) -> str:
    groups = match.group()
    characters = [character for character in groups if character not in " .-"]
    digits = sum(character.isdigit() for character in characters)
    if len(characters) >= _FEWEST_IN_GROUPS and 2 * digits >= len(characters):
        return as_digits(groups)
    return groups


def _as_digits(match: re.Match[str]) -> str:
    word = match.group()
    digits = sum(character.isdigit() for character in word)
    if 2 * digits >= len(word) and digits < len(word) and _CONFUSABLE.issuperset(word):
        return as_digits(word)
    return word
