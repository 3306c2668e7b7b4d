"""Words before a number that say what the number is."""

from __future__ import annotations

import re

from engines.privacy.pii.words.lexicon import any_of

_WINDOW = 48

# Letters of any script, and the marks that belong to the letter before them.
NO_LETTER_BEFORE = r"(?<![^\W\d_])(?<![\u0300-\u036f])"
WORD_BEGINS = rf"(?=[^\W\d_]){NO_LETTER_BEFORE}"  # fails quickly where no word can begin
NO_LETTER_BEHIND = r"(?![^\W\d_\u00ba]|[\u0300-\u036f])"
GAP = r"[\W_\u00ba]"  # anything but a letter or a digit; the ordinal sign of "n\u00ba" too


def whole_words(words: str) -> str:
    """A pattern that matches any of `words`, which are patterns with | between them, but only as
    whole words: `id` matches in "ID 12", not in "David"."""
    return f"{NO_LETTER_BEFORE}(?:{words}){NO_LETTER_BEHIND}"


ASIDE = r"(?:(?:\s[^\W\d_]+\.?){0,4}(?:\s?\([^()\n]{1,24}\))?(?=\s?:))?"
"""What a form may add between a label and its colon: "Geburtsdatum des Kindes:", "Date of birth
(DD/MM/YYYY):"."""

_NUMBER_OF = rf"{GAP}{{0,4}}(?:{whole_words(any_of('number'))})?{GAP}{{0,6}}$"

PHONE = re.compile(
    whole_words(any_of("phone"))
    + rf"(?:{GAP}{{0,4}}{whole_words(any_of('between', 'number'))}){{0,2}}{GAP}{{0,6}}$",
    re.IGNORECASE,
)
PHONE_NEAR = re.compile(
    whole_words(any_of("phone_near")) + rf"[?!]?(?:,?[^\S\n][^\W\d_]+){{0,4}}{GAP}{{0,6}}$",
    re.IGNORECASE,
)
"""Words of a notice that ends with a phone number: "For sale", "Zaginął pies!"."""
PHONE_WORD = re.compile(whole_words(any_of("phone")), re.IGNORECASE)
PHONE_NEAR_WORD = re.compile(whole_words(any_of("phone_near")), re.IGNORECASE)
NOT_PERSONAL = re.compile(
    whole_words(f"(?:{any_of('not_personal')})s?-?(?:nr|no|nummer|numer|numero)?")
    + r"(?:\s(?=[A-Z]?\d)[A-Z\d]{1,4}(?=\s))?"
    + _NUMBER_OF,
    re.IGNORECASE,
)
OTHER_NUMBER = re.compile(  # of anything that no list knows: "Teil-Nr. 0451-3877"
    rf"[^\W\d_]{{2}}[ .-]{{1,2}}(?:{any_of('number')}|ref){NO_LETTER_BEHIND}{GAP}{{0,4}}$",
    re.IGNORECASE,
)
VERSION = re.compile(rf"{NO_LETTER_BEFORE}(?:{any_of('version')}){GAP}{{0,4}}$", re.IGNORECASE)
ADDRESS = re.compile(
    whole_words(any_of("host")) + rf"{GAP}{{0,4}}(?:{whole_words('is')})?{GAP}{{0,4}}$",
    re.IGNORECASE,
)


def preceded_by(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Whether the 48 characters before `start` end with a match of `pattern`, which must be
    anchored at its end."""
    return pattern.search(text, max(0, start - _WINDOW), start) is not None
