"""Finds full names in running text and beside other personal data, by their given names:
"Yesterday Bethany Holroyd called", "Bethany Holroyd, 07700 900123".

A given name alone is no evidence: streets, ships, schools and brands have the names of people. So
a full name counts only in a sentence or beside other personal data, and not if a word next to it or
a list of well-known names says that it is not a private person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engines.privacy.pii.contact.beside import is_beside
from engines.privacy.pii.contact.eastern import eastern_names
from engines.privacy.pii.contact.otherwise import (
    THINGS,
    is_called_otherwise,
    is_label_of_things,
)
from engines.privacy.pii.contact.people import CAPITAL, LATER, PART, TWO
from engines.privacy.pii.contact.ranked import names_behind_offices, names_of_one_word
from engines.privacy.pii.contact.rows import numbered_rows, rows_of_names, rows_of_surnames
from engines.privacy.pii.contact.standing import names_in_lines, stands_apart
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.given import is_famous, is_function_word, is_given, is_word_too
from engines.privacy.pii.words.lexicon import any_of, listed
from engines.privacy.pii.words.likeness import likeness, likeness_of_name
from engines.privacy.pii.words.looks import SAINTS, looks_like_name

_WORD = re.compile(
    r"(?:(?<![\w'’@#/&.-])|(?<= d['’]))[^\W\d_][^\W\d_'’-]{1,24}(?:-[^\W\d_]{2,24})?(?=[ \n])"
)
_PARTICLES = rf"(?:(?i:{any_of('particle')})[ ])"
_SURNAME = re.compile(
    rf"[ ](?:(?:{PART}|{CAPITAL})[ ]){{0,2}}?{LATER}"
    rf"(?:[ ]{PART}(?=[,.;:)\n]|$))?{NO_LETTER_BEHIND}"
)
_KIN = re.compile(  # my daughter Bethany Holroyd; unser Mieter, Jonas Wieland
    rf"{WORD_BEGINS}(?i:{any_of('possessive')})[ ](?:[^\W\d_]{{2,14}}[ ])?"
    rf"(?i:{any_of('name_word', 'name_owner', 'kin')}){NO_LETTER_BEHIND},?[ ]({TWO})"
)
_IN_RECORDS = re.compile(  # OGUNLEYE, Temitope  F  12/09/1966; HOLROYD Bethany
    rf"(?<![\w'’-])(?:{_PARTICLES}{{0,2}}{CAPITAL}{{3,20}}(?:-{CAPITAL}{{2,20}})?)(,?)[ ]"
    rf"({CAPITAL}[^\W\d_]{{1,20}}(?:-{CAPITAL}?[^\W\d_]{{1,20}})?){NO_LETTER_BEHIND}"
    r"([ ,/|]{1,4}\(?[MFWVKD]\)?[ ,/|]{1,4}\d{1,2}[./ -])?"
)
_ABBREVIATED = re.compile(r"[a-z] [A-Z]{2,3}(?![^\W\d_])")  # Tom II, Norma UNE
_AROUND = 40
_SHORT = 3
_FEW = 3
_BEGINS = re.compile(r"(?:^|[:\n] {0,2})$")
_GIVEN_AND_SURNAME = 2
_AGE = re.compile(r",?[ ]\(?[1-9]\d?\)?(?=[ ,.;)]|$)(?![ ]?(?:%|€|\$|£|x|[a-z]{1,2}\b|mph|min))")
_AND = re.compile(rf"[ ](?:&|\+)[ ](?=({CAPITAL}[^\W\d_]+))")
_LOWER_BEHIND = re.compile(r",?[ ]([^\W\d_]+)")
_SHORT_BEHIND = re.compile(r" [^\W\d_](?![^\W\d_])")  # Feliz Navidad a todos
_NUMBER_BEHIND = re.compile(r"[ ]?,?[ ]\(?\d")
_LOWER_BEFORE = re.compile(r"(?<![^\W_])([^\W\d_]+)(,?)[ ]$")
_BESIDE_KINDS = frozenset({"email", "phone", "address", "date_of_birth", "national_id", "passport"})


_PARTICLE_WORDS = frozenset(listed("particle"))
_PERSON_BEHIND = frozenset(listed("person_behind"))
_PERSON_BEFORE = frozenset(listed("person_before", "kin", "name_word", "profession"))
_ONLY_PEOPLE = _PERSON_BEHIND - frozenset(listed("copula", "of_things"))
"""What people do, and things do not: not "is", "has"."""
_PRIVATE, _RESIDES = frozenset(listed("private")), frozenset(listed("resides"))
_NEAR_BEHIND = 60
_AGENTS = frozenset(listed("agent"))
_PREPOSITIONS = _AGENTS | frozenset(listed("to_whom", "for_whom"))
_ODDS_AMONG_PEOPLE, _ODDS_BESIDE, _ODDS_IN_SENTENCE = -4.0, -2.0, 1.0
"""Least likeness of a name that is in no list: before a verb of people, beside other personal data,
in any sentence."""
_ODDS_OF_SURNAME = -5.0
"""Least likeness of a surname behind a known given name in any sentence."""
_STREET = re.compile(rf"\b{CAPITAL}[^\W\d_]{{3,}}(?:{any_of('street_name_end')})$")
_ARTICLES = frozenset(listed("article"))
_OFFICES, _LEAST_ROLE = frozenset(listed("profession", "name_word")), 2.5
_TITLES = frozenset(listed("title", "weak_title"))
_BELONGINGS = frozenset(listed("addressed", "kin", "bell", "belonging"))
_BADGES = frozenset(listed("badge", "name_word", "name_alone", "profession"))


def find_mentions(text: str, others: Sequence[Span]) -> Iterator[Span]:
    """Full names that begin with a given name, in a sentence or beside one of `others`, the other
    personal data in `text`."""
    for match in _KIN.finditer(text):
        if not _is_thing(match.group(1)):
            yield Span("name", match.start(1), match.end(1), 0.7)
    starts = sorted(span.start for span in others if span.type in _BESIDE_KINDS)
    for match in _IN_RECORDS.finditer(text):
        comma, given, and_sex = match.groups()
        begins = _BEGINS.search(text, max(0, match.start() - _SHORT), match.start()) is not None
        listed_too = not begins or text.startswith(",", match.end(2))  # COCO, YOLO, Pascal, ...
        beside = is_beside(text, match.start(), match.end(2), starts)
        labeled = comma or ":" in text[max(0, match.start() - _SHORT) : match.start()]
        fits = beside or (
            labeled and not listed_too and not is_label_of_things(text, match.start())
        )
        if not given.isupper() and (and_sex or (is_given(given) and fits)):
            yield Span("name", match.start(), match.end(2), 0.6)
    yield from rows_of_names(text, _is_known)
    yield from names_in_lines(text, _is_known)
    yield from eastern_names(text, _is_somebody_else)
    refused = 0
    for word in _WORD.finditer(text):
        surname = _SURNAME.match(text, word.end()) if word.group()[0].isupper() else None
        if surname is None:
            continue
        start, end = word.start(), surname.end()
        if start >= refused and is_famous(text[start : end + _AROUND].partition("\n")[0]):
            if _is_private(text, start, end, starts):
                yield Span("name", start, end, 0.5)
            refused = end
        if _owns(text, start, end):
            yield Span("name", start, end - len("'s"), 0.5)
            refused = max(refused, end)
            continue
        if not (is_given(word.group()) or is_word_too(word.group())):
            if start >= refused and _resembles(text, start, end, starts):
                yield Span("name", start, end, 0.5)
            continue
        if start < refused or _is_known(text, start, end):
            refused = max(refused, end)
            continue
        last = likeness(surname.group().split()[-1]).surname
        sure = not is_word_too(word.group()) and last > _ODDS_OF_SURNAME
        if is_beside(text, start, end, starts):
            yield Span("name", start, end, 0.6)
        elif is_called_otherwise(text, start, end):
            refused = end
        elif _in_sentence(text, start, end, sure) or stands_apart(text, start, end):
            yield Span("name", start, end, 0.6)
    yield from names_behind_offices(text, is_label_of_things)
    yield from names_of_one_word(text, is_label_of_things)
    yield from rows_of_surnames(text)
    yield from numbered_rows(text)


def _owns(text: str, start: int, end: int) -> bool:
    """Whether the name ends in 's, and a thing such as a locker, or a relative, follows."""
    name = text[start:end]
    if not name.endswith(("'s", "’s")) or is_famous(name[:-2]):
        return False
    behind = _LOWER_BEHIND.match(text, end)
    return behind is not None and behind.group(1) in _BELONGINGS and looks_like_name(name[:-2])


def _is_private(text: str, start: int, end: int, starts: Sequence[int]) -> bool:
    """Whether the name of somebody whom all know is that of a private person here: it stands beside
    other personal data or behind a word such as "patient", or the person "lives at" an address."""
    if _is_thing(text[start:end]):
        return False
    before = _LOWER_BEFORE.search(text[max(0, start - _AROUND) : start])
    if before is not None and before.group(1).lower() in _PRIVATE:
        return True
    if is_called_otherwise(text, start, end):
        return False
    behind = _LOWER_BEHIND.match(text, end)
    resides = behind is not None and behind.group(1).lower() in _RESIDES
    near = end + len(text[end : end + _NEAR_BEHIND].partition("\n")[0])
    return is_beside(text, start, end, starts) or (
        resides and any(end <= other <= near for other in starts)
    )


def _resembles(text: str, start: int, end: int, starts: Sequence[int]) -> bool:
    """Whether words that begin with no known given name are a name, by their letters and by the
    words beside them: the less they look like a name, the more those must be words of people."""
    name = text[start:end]
    first, *_, last = name.split()
    if is_function_word(first) or first.lower() in _TITLES:  # Boy With Brown Skin
        return False
    if last.lower() in _OFFICES and likeness(last).surname < _LEAST_ROLE:  # Store Manager
        return False
    if not name[1].islower() or not last.istitle() or len(last) < _SHORT:  # a heading, CapsLock
        return False
    odds = likeness_of_name(name)
    if odds < _ODDS_AMONG_PEOPLE or _is_known(text, start, end):
        return False
    if is_called_otherwise(text, start, end) or _SHORT_BEHIND.match(text, end):
        return False
    if stands_apart(text, start, end):
        return True
    if odds > _ODDS_BESIDE and is_beside(text, start, end, starts):
        return True
    if odds < _ODDS_IN_SENTENCE and _NUMBER_BEHIND.match(text, end):  # Ford Fiesta 1.0, 6 pack
        return False
    return _in_sentence(text, start, end, sure=odds > _ODDS_IN_SENTENCE) and (
        odds > _ODDS_IN_SENTENCE or not _follows_preposition(text, start)
    )


def _follows_preposition(text: str, start: int) -> bool:
    before = _LOWER_BEFORE.search(text[max(0, start - _AROUND) : start])
    return before is not None and before.group(1).lower() in _PREPOSITIONS


def _is_known(text: str, start: int, end: int) -> bool:
    """Whether the words are the name of something, or of somebody whom all know."""
    ahead = text[start : end + _AROUND].partition("\n")[0]
    name = text[start:end]
    if name.split()[0].lower() in SAINTS or name.endswith(("'s", "’s")):
        return True
    if _ABBREVIATED.search(name) or _STREET.search(name):
        return True
    return is_famous(ahead) or (_is_thing(name) and not _is_only_surname(text, start, end))


def _is_somebody_else(text: str, start: int, end: int) -> bool:
    return _is_known(text, start, end) or is_called_otherwise(text, start, end)


def _is_only_surname(text: str, start: int, end: int) -> bool:
    """Whether a word for a thing is a surname here: "Peter Green called"."""
    behind = _LOWER_BEHIND.match(text, end)
    before = _LOWER_BEFORE.search(text[max(0, start - _AROUND) : start])
    words = text[start:end].split()
    said = behind is not None and behind.group(1) in _ONLY_PEOPLE
    said |= before is not None and before.group(1) in _AGENTS
    return len(words) == _GIVEN_AND_SURNAME and said and not is_word_too(words[0])


def _is_thing(name: str) -> bool:
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", name.lower())
    if words[1:-1] == ["e"]:  # Stella Alpina e Bocca di Leone
        return True
    if words[-2:-1] and words[-2] in _PARTICLE_WORDS:  # Anna van den Berg
        words.pop()
    return not THINGS.isdisjoint(words[1:])


def _in_sentence(text: str, start: int, end: int, sure: bool) -> bool:
    """Whether the name stands in a sentence or with an age. `sure`: its first word is nothing but a
    given name; else the words beside it must be such as stand beside people."""
    if sure and text[start - 1 : start] in ("'", "’"):  # à la mémoire d'Huguette ...
        return True
    before = _LOWER_BEFORE.search(text[max(0, start - _AROUND) : start])
    behind = _LOWER_BEHIND.match(text, end)
    led = before.group(1).lower() if before and not before.group(2) else ""
    follows = behind.group(1) if behind else ""
    said = _PERSON_BEHIND if sure else _ONLY_PEOPLE
    if led in _PERSON_BEFORE or follows.lower() in said or _AGE.match(text, end):
        return led not in _ARTICLES
    also = _AND.match(text, end)
    if sure and also and is_given(also.group(1)):
        return True
    if not sure:
        return _below_badge(text, start, end)
    runs = follows.islower() and len(follows) > 1
    led_in = before is not None and before.group(1).islower() and len(before.group(1)) > 1
    begins = not text[:start].rpartition("\n")[2].strip()  # may be a title: "Leopold Bloom walks"
    return (((runs and not begins) or led_in) and led not in _ARTICLES) or _below_badge(
        text, start, end
    )


def _below_badge(text: str, start: int, end: int) -> bool:
    """Whether the name is a line of its own, and the line above or below is a word such as
    "VISITOR"."""
    above, _, head = text[:start].rpartition("\n")
    tail, _, below = text[end:].partition("\n")
    if head.strip() or tail.strip(" ,."):
        return False
    beside = (above.rpartition("\n")[2], below.partition("\n")[0])
    return any(_is_badge(line.strip(" :.").lower()) for line in beside if line.strip())


def _is_badge(line: str) -> bool:
    """Whether a line is a word of badges, or has one among few: "Badge visiteur"."""
    words = line.split()
    return line in _BADGES or (
        len(words) <= _FEW and not _BADGES.isdisjoint(words) and THINGS.isdisjoint(words)
    )
