"""Finds names of people after a title or in a field of a form: "Mr John Smith", "Vorname: Jonas".

Patterns cannot find a name without such words. That needs a trained model (see `presidio`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.lexicon import any_of, listed

_LETTERS = [chr(code) for code in range(0x41, 0x530)]  # Latin, Greek, Cyrillic
CAPITAL = "[" + "".join(letter for letter in _LETTERS if letter.isupper()) + "]"
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f])"
_PART = rf"{CAPITAL}(?:{_LETTER}{{1,24}}(?:['’-]{_LETTER}{{1,24}}){{0,2}}|['’]{_LETTER}{{2,24}}|\.)"
_GAP = r"(?:[ /]|(?<=\.))"  # A.B. Kuipers
_NAME = rf"{_PART}(?:{_GAP}(?:(?i:{any_of('particle')}) ){{0,2}}{_PART}){{0,3}}{NO_LETTER_BEHIND}"
_TWO = rf"{_PART}(?:{_GAP}(?:(?i:{any_of('particle')}) ){{0,2}}{_PART}){{1,3}}{NO_LETTER_BEHIND}"
_TURNED = rf"{CAPITAL}{{2,24}}, {_PART}{NO_LETTER_BEHIND}"  # HARRISON, Dale
_AFTER_PARTICLE = rf"(?:(?i:{any_of('particle')}) ){{0,2}}"
_TITLES = rf"(?i:{any_of('title')}|{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
_MORE_TITLES = rf"(?:{_TITLES}){{0,2}}"
_OWNER = (  # Eigentümer des Hundes, proprietario animale
    rf"(?i:\s(?:(?:{any_of('of')})\s)?"
    rf"(?:{any_of('name_owner', 'beside_role', 'vehicle')}){NO_LETTER_BEHIND})?"
)
_STRONG = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"{_MORE_TITLES}({_AFTER_PARTICLE}{_NAME})"
)
_WEAK = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"{_MORE_TITLES}({_TWO})"
)
_FIELD = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('name_field')}){NO_LETTER_BEHIND}{_OWNER}[\s:.\-/_]{{1,6}}"
    rf"{_MORE_TITLES}({_AFTER_PARTICLE}{_NAME})"
)
_COLON = re.compile(
    rf"(?=[^\W\d_])(?<![^\W\d_] ){WORD_BEGINS}(?i:(?:{any_of('beside_role', 'vehicle')})\s)?"
    rf"(?i:{any_of('name_word', 'name_alone')}){_OWNER}\s{{0,2}}:\s{{0,3}}"
    rf"{_MORE_TITLES}({_TWO}|{_TURNED})"
)
_ALONE = re.compile(
    rf"(?=[^\W\d_])(?<![^\W\d_] ){WORD_BEGINS}(?i:{any_of('name_alone')}|"
    rf"(?:{any_of('name_alone')})\s(?:(?:{any_of('of')})\s)?"
    rf"(?:{any_of('name_owner', 'name_word')})|"
    rf"(?:{any_of('name_owner', 'name_word')})(?:['’]?s)? name)\s{{0,2}}:\s{{0,3}}"
    rf"{_MORE_TITLES}({_NAME})\s*(?=$|[\n,;|])"
)
_CLOSING = re.compile(  # Kind regards,\nEmma Clarke
    rf"{WORD_BEGINS}(?i:{any_of('closing')}){NO_LETTER_BEHIND}[ ,.!]{{0,3}}\n{{1,3}} ?"
    rf"{_MORE_TITLES}({_TWO}) ?(?=$|[\n,])"
)
_HEADED = re.compile(  # a column of a form: Name\nJohn Smith
    rf"(?:^|\n)(?i:{any_of('name_alone')})\n({_TWO}) ?(?=$|\n)"
)
_SURNAME = re.compile(  # Pan Kowalski
    rf"{WORD_BEGINS}(?i:{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"({CAPITAL}{_LETTER}{{2,24}}(?:{any_of('surname_end')})){NO_LETTER_BEHIND}"
)
_MONSIEUR = re.compile(rf"(?:^|\n|[^\W\d_][,:]? )M\. ({_PART}) ?(?=$|[\n,;])")
_PATTERNS = (
    (_FIELD, 0.9),
    (_STRONG, 0.8),
    (_COLON, 0.8),
    (_CLOSING, 0.8),
    (_ALONE, 0.7),
    (_WEAK, 0.7),
    (_HEADED, 0.7),
    (_SURNAME, 0.7),
    (_MONSIEUR, 0.7),
)
_NOBODY = frozenset(listed("no_name"))
_PARTICLES = frozenset(listed("particle"))
_NO_BEGINNING = frozenset(listed("no_first"))  # "Herr der Ringe"


def find_names(text: str) -> Iterator[Span]:
    """Names after a title, in a field of a form, after a word with a colon, or after the closing of
    a letter."""
    for pattern, confidence in _PATTERNS:
        for match in pattern.finditer(text):
            words = re.findall(r"[^\W\d_]+", match.group(1).lower())
            named = [words[0], *(word for word in words[1:2] if word not in _PARTICLES)]
            if not _NOBODY.intersection(named) and words[0] not in _NO_BEGINNING:
                yield Span("name", match.start(1), match.end(1), confidence)
