"""Finds full names that stand apart: alone in a line, in a numbered list, or between marks. A name
plate, a list of players, "Head coach: Ines Falk", "Osteopath P. Lemoine".

Here no verb and no preposition speaks for a person. So the words themselves must look like a name,
the more so the less stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engines.privacy.pii.contact.people import CAPITAL, LATER, PART
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND
from engines.privacy.pii.words.given import (
    is_famous,
    is_famous_turned,
    is_given,
    is_word_too,
)
from engines.privacy.pii.words.lexicon import any_of, listed
from engines.privacy.pii.words.likeness import likeness
from engines.privacy.pii.words.looks import LEAST_SURNAME, NO_PERSON, ROLES, looks_like_name

IsKnown = Callable[[str, int, int], bool]
"""Called with a text, a start and an end: whether that is the name of something else."""

_PARTICLES = rf"(?:(?:(?i:{any_of('particle')})[ ]|v\.[ ]?(?:d\.[ ]?)?|vd[ ])){{0,2}}"
_FULL = rf"{PART}[ ](?:(?:{PART}|{CAPITAL}\.?)[ ])?{LATER}(?:[ ]{PART})?"
_CAPS = rf"{CAPITAL}{{2,24}}(?:['’-]{CAPITAL}{{1,24}})?"
_TURNED = (
    rf"{_PARTICLES}{_CAPS}(?:[ ]{_PARTICLES}{_CAPS})?"
    rf"(?:,[ ]?(?:(?:{CAPITAL}\.[ ]?){{1,3}}|{_CAPS}|{PART})|[ ]{PART}(?<!{CAPITAL}))"
)
_TURNED += rf"(?:[ ](?:{_CAPS}|{CAPITAL}\.?))?"
_COMMA = (
    rf"{_PARTICLES}{PART}(?:[ -]{PART})?,[ ]?"
    rf"(?:(?:{CAPITAL}\.[ ]?){{1,3}}(?!{CAPITAL})|{PART}(?:[ ](?:{PART}|{CAPITAL}\.?))?)"
)
_INITIALS = rf"{CAPITAL}\.(?:[ -]?{CAPITAL}\.){{0,2}}[ ]?{_PARTICLES}{PART}"
_NUMBER = r"(?:[Nn]r\.?|[Nn]o\.?|n\.|[Nn][º°])"
_NUMBERED = (  # 1.; Room 12 -; 2. OG; Int. 4; 12B; EG
    r"[ ]{0,3}(?:(?:[^\W\d_]{2,12}\.?[ ])?\d{1,4}[A-Za-z]?(?:[.)°]|\.º)?(?:[ ][A-Z]{1,3})?"
    r"|[A-Z]{2})(?:[ ]?[:–-])?[ ]|[ ]{0,3}[•*–-][ ]"
    rf"|[ ]{{0,3}}(?:[^\W\d_]{{2,16}}[. -]{{1,2}}){{0,2}}"  # MRN 00482913 -; Nr historii 447 -
    rf"(?:(?:{_NUMBER}[ ]?|[^\W\d_]{{2,16}}\.?)[ ]?:?[ ]?\d{{4,12}}[ ]?[:,–-]"
    rf"|{_NUMBER}(?:[ ][^\W\d_]{{2,12}}\.?)?[ ]?:?[ ]?\d{{1,8}}[:,–-]?)[ ]"
)
_LINE = re.compile(
    rf"^({_NUMBERED})?[ ]{{0,3}}(?:({_FULL})|({_TURNED}|{_COMMA})|({_INITIALS})){NO_LETTER_BEHIND}"
    r"[ .]{0,3}$",
    re.MULTILINE,
)
_REGISTERED = re.compile(  # Lindner, Petra - absent; KRAUSE Silvio: 12,45
    rf"^(?:{_NUMBERED})?[ ]{{0,3}}({_TURNED}|{_COMMA}|{_PARTICLES}{PART}[ ]"
    rf"(?:{PART}|{CAPITAL}\.))(?<! )"
    r"(?![^\W\d_])(?=[ ]?(?:[–-]|:)[ ]\S|[ ]?\(|,[ ]"
    rf"|[ ](?:\d(?!\d?[:.,]\d)|(?i:{any_of('birth')})))",
    re.MULTILINE,
)
_CALLED = re.compile(  # Osteopath P. Lemoine; P. Lemoine, osteopath
    rf"(?<![^\W_])(?i:{any_of('profession')})[ ]({_INITIALS}){NO_LETTER_BEHIND}"
    r"(?=[ ]?(?:$|[,;.\n(]))"
    rf"|(?:^|\n)[ ]{{0,3}}({_INITIALS}),[ ](?i:{any_of('profession')}){NO_LETTER_BEHIND}"
)
_LEFT = re.compile(r"(?:^|[,;:!?(|/•…\"'“„«‚»<][ ]?|\.{3}[ ]?|[ ][–-][ ])$")
_WITH = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,24})[ ](?:[&+]|and|und|et|e|y|en|i)[ ]$")
_COUNTED = re.compile(r"(?:^|[^\W\d_][ ])\d{1,5}(?:[.)]|st|nd|rd|th|er|e|º|ª)?[ ]$")
_RIGHT = re.compile(
    r"[ ]?(?:$|[,;.!?()|/•\"'“”«»>]|[ ][–-][ ])"
    r"|[ ](?:[BM]Sc|[BM]A|Ph\.?D|M\.?D|MBA|RN|DDS|LL\.?[BM]|Jr|Sr)(?!\w)"
)
_RESULT = re.compile(r"[ ](?:[A-Z]{1,2}\d{0,2}[ ])?\d{1,3}[:.,'h]\d")
_OF_THING = re.compile(  # but: Weber Anna, Zimmer 308
    rf",[ ](?:\d|(?i:{any_of('chapter')}){NO_LETTER_BEHIND}"
    rf"|(?i:{any_of('thing', 'work')}){NO_LETTER_BEHIND}(?![ ]\d))"
)
_NEAR = 40
_FEWEST, _MOST_TURNED = 2, 3
_SHORTEST, _LESS_WITH_COMMA = 3, 1.5
_LEAST_REGISTERED, _LEAST_LISTED = -1.0, 1.0
_PARTICLE_WORDS = frozenset(listed("particle"))
_SHIPS = frozenset(listed("ship"))
_TITLES, _CHAPTERS = frozenset(listed("title", "weak_title")), frozenset(listed("chapter"))
_NO_NUMBERS = _CHAPTERS | _SHIPS  # MS Willem Ruys
_LESS_IN_LIST = 3.0
"""How much less likely than elsewhere a name may be in a list."""
_LESS_TURNED, _LESS_TURNED_CAPITALS, _MORE_COUNTED = 2.0, 4.0, -1.5
_TURNED_SURNAME, _LEAST_TURNED_AROUND, _MORE_IN_CAPITALS, _WITH_INITIAL = 0.0, -0.5, -4.0, 3.0


def stands_apart(text: str, start: int, end: int) -> bool:
    """Whether the words from `start` to `end` look like a name, and marks or the ends of the line
    are on both sides of them, or a role on the left: "Congratulations, Nadia Birch!"."""
    before = text[max(0, start - _NEAR) : start].rpartition("\n")[2]
    behind = text[end : end + _NEAR].partition("\n")[0]
    counted = _COUNTED.search(before) is not None
    if _RIGHT.match(behind) is None and not (counted and _RESULT.match(behind)):
        return False
    words = re.findall(r"[^\W\d_]+", before)
    led = before.endswith(" ") and bool(words) and words[-1].lower() in ROLES
    couple = _WITH.search(before)  # Torben & Silke Wiechmann
    beside = couple is not None and is_given(couple.group(1))
    if led or beside or _LEFT.search(before) is not None:
        return looks_like_name(text[start:end])
    return counted and looks_like_name(text[start:end], _MORE_COUNTED)


def names_in_lines(text: str, is_known: IsKnown) -> Iterator[Span]:
    """Names that are a line, and in a list of two or more numbered lines also less likely ones and
    those with initials."""
    found: list[tuple[re.Match[str], bool]] = []
    for match in _LINE.finditer(text):
        start, end = _place(match)
        counted = re.findall(r"[^\W\d_]+", (match.group(1) or "").lower())
        if not is_known(text, start, end) and _NO_NUMBERS.isdisjoint(counted):  # Chapter 4: ...
            found.append((match, _is_name(match)))
    numbered = [(match, sure) for match, sure in found if match.group(1)]
    full_names = (match for match, _ in numbered if not _forms(match)[2])
    listed_names = len(numbered) >= _FEWEST and any(map(_is_name_in_list, full_names))
    for match, sure in found:
        if sure or (listed_names and match.group(1) and _is_name_in_list(match)):
            yield Span("name", *_place(match), 0.5)
    for match in _REGISTERED.finditer(text):
        behind = text[match.end(1) : match.end(1) + 2].lstrip(" ")
        ends = not behind.startswith(("–", "-", ":"))
        named = "," in match.group(1) and match.group(1).split()[0].lower() not in NO_PERSON
        known = is_famous(match.group(1)) if named else is_known(text, *match.span(1))
        if known or (named and behind[:1].isdigit()):  # Bible, John 3:16
            continue
        if ends and _OF_THING.match(text, match.end(1)):
            continue
        if is_famous_turned(match.group(1)):
            continue
        surname = match.group(1).partition(",")[0].split()[-1]
        if named and behind.startswith(",") and likeness(surname).surname < _LEAST_LISTED:
            continue  # YOLO, Pascal, ...
        if _is_registered(match.group(1), ends):
            yield Span("name", *match.span(1), 0.5)
    for match in _CALLED.finditer(text):
        group = 1 if match.group(1) else 2
        if _surname_behind(match.group(group)) > LEAST_SURNAME:
            yield Span("name", *match.span(group), 0.5)


def _place(match: re.Match[str]) -> tuple[int, int]:
    return match.span(match.lastindex or 2)


def _forms(match: re.Match[str]) -> tuple[str, str, str]:
    """The name as a full one, as one with the surname first, and as one with initials; two of the
    three are empty."""
    full, turned, initials = (group or "" for group in match.groups()[1:])
    return ("", turned, full) if full[1:2] == "." else (full, turned, initials)


def _is_name(match: re.Match[str]) -> bool:
    full, turned, initials = _forms(match)
    if initials:  # P. Hazelhurst
        return _surname_behind(initials) > _WITH_INITIAL and not initials.isupper()
    if turned and is_famous_turned(turned):
        return False
    if full and not full.split()[0].isupper():
        return looks_like_name(full) or _is_turned_around(full)
    if full:
        return _is_turned(full) or (full.isupper() and looks_like_name(full, _MORE_IN_CAPITALS))
    return bool(turned) and _is_turned(turned)


def _is_name_in_list(match: re.Match[str]) -> bool:
    full, turned, initials = _forms(match)
    if initials:
        return _surname_behind(initials) > LEAST_SURNAME
    return looks_like_name(full, _LESS_IN_LIST) if full else bool(turned)


def _surname_behind(initials: str) -> float:
    return likeness(re.split(r"[. ]+", initials)[-1]).surname


def _is_turned(name: str) -> bool:
    """Whether a name with the surname first, in capitals, looks like one: "MORETTI, ELSA"."""
    words = [word for word in re.split(r"[ ,]+", name) if len(word.strip(".")) > 1]
    if name.isupper():  # VON DER LANCKEN, BODO
        words = [word for word in words if word.lower() not in _PARTICLE_WORDS]
    if len(words) < _FEWEST or words[0].lower() in _SHIPS:
        return False
    surname, given = words[0], words[-1]
    if "," in name:
        surname, names = name.partition(",")[0].split()[-1], name.partition(",")[2].split()
        given = next(filter(is_given, names), names[0])  # OKONKWO, CHIDIEBERE EMEKA
        if len(words) > _MOST_TURNED:  # Doctor Faustus, Thomas Mann
            return False
    if given.endswith("."):  # HAZELWOOD, P.R.
        return likeness(surname).surname > _TURNED_SURNAME
    less = _LESS_TURNED_CAPITALS if name.split()[0].isupper() else _LESS_TURNED
    if "," in name:  # Bergqvist, Elin M.
        return looks_like_name(f"{given} {surname}", less)
    known = is_given(given) and not is_word_too(given)
    surnames = [word for word in words if word != given]
    if known and max(likeness(word).surname for word in surnames) > _TURNED_SURNAME:
        return True
    turned = f"{given} {surname}"
    if len(words) > _MOST_TURNED:
        return False
    return looks_like_name(turned, 0.0 if name.isupper() else _LESS_TURNED) and not is_given(
        surname
    )


def _is_registered(name: str, before_comma: bool) -> bool:
    """Whether a name with the surname first is likely enough to stand before a mark or a result;
    before a comma or a bracket, its given name must be known."""
    surname, _, given = name.partition(",")
    if not given:
        surname, _, given = name.rpartition(" ")
    surname, given = surname.split()[-1], given.split()[0]
    if given.endswith("."):
        if "," not in name:  # Lemoine P. (absent)
            return likeness(surname).surname > _LEAST_LISTED and surname.lower() not in NO_PERSON
        return likeness(surname).surname > (_LEAST_LISTED if before_comma else _TURNED_SURNAME)
    if before_comma and name.split()[0].lower() in ("le", "la"):  # Le Petit Nicolas
        return False
    if "," not in name and not surname.isupper():  # Nowak Barbara - absent
        others = surname.lower() in _TITLES | NO_PERSON | _CHAPTERS or is_given(surname)
        sure = is_given(given) and not is_word_too(given) and not others
        return sure and likeness(surname).surname > _LEAST_LISTED
    if surname.lower() in NO_PERSON and "," not in name:
        return False
    if is_given(given) and not is_word_too(given):
        short = surname.isupper() and len(surname) <= _SHORTEST  # HMS
        least = _LEAST_REGISTERED - _LESS_WITH_COMMA * ("," in name)
        return likeness(surname).surname > (_TURNED_SURNAME if short else least)
    return not before_comma and looks_like_name(f"{given} {surname}")


def _is_turned_around(name: str) -> bool:
    """Whether two words are a surname and a given name that is nothing else: "Nowicka Halina"."""
    surname, *others, given = name.split()
    if surname.lower() in _TITLES | NO_PERSON | _CHAPTERS:
        return False
    if others or is_given(surname) or is_word_too(surname) or is_word_too(given):
        return False
    least = min(likeness(surname).surname, likeness(given).given)
    return is_given(given) and least > _LEAST_TURNED_AROUND
