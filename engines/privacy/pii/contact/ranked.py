"""Finds a surname or a given name alone, behind the title of an office ("Sgt. Murphy", "Pfarrer
Huber") or words that call a person ("reserved for Murphy", "Locker 12 Murphy"); and initials with
a surname.

Such words stand before things too ("Coach House", "reserved for staff"), so the word behind one
must look like a name, and the two together must not be a character, a work or a brand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engines.privacy.pii.contact.people import CAPITAL, PART, is_of_work
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.given import (
    is_famous,
    is_function_word,
    is_given,
    is_word_too,
    plain,
)
from engines.privacy.pii.words.lexicon import any_of, famous, listed
from engines.privacy.pii.words.likeness import likeness, likeness_of_name

IsLabel = Callable[[str, int], bool]
_OFFICES = ("office", "weak_office")
_PREFIX = (
    rf"(?:(?i:{any_of('particle')}|lo|mac|ben|bin|ibn|al|el)[ ]|[ÓO]['’ ]|(?i:al|el)-|[dDlL]['’])"
)
_RANKED = re.compile(
    rf"{WORD_BEGINS}(?P<office>(?i:{any_of(*_OFFICES)})){NO_LETTER_BEHIND}\.?[ ]{{1,2}}"
    rf"(?:(?i:{any_of('office_more')}){NO_LETTER_BEHIND}\.?[ ])?"
    rf"(?:(?i:{any_of(*_OFFICES, 'title', 'weak_title')}){NO_LETTER_BEHIND}\.?[ ]{{1,2}}){{0,2}}"
    rf"(?P<name>{_PREFIX}{{0,2}}{PART}(?<!\.)){NO_LETTER_BEHIND}"
    rf"(?:(?:[ ]|,[ ](?=[^\W\d_]))([^\W\d_]+))?"
)
_ONE = rf"(?P<name>(?:{CAPITAL}\.[ ]?){{0,3}}(?:[dD]['’])?{PART}(?<!\.)){NO_LETTER_BEHIND}"
_ONE += rf"(?![ ]?[&-])(?:[ ](?P<more>{PART}(?<!\.)){NO_LETTER_BEHIND})?(?![ ]{CAPITAL}[^\W\d_])"
_BOOKED = re.compile(  # reserved for Murphy; Coach: Murphy
    rf"{WORD_BEGINS}(?:(?i:{any_of('booked', 'name_by')}){NO_LETTER_BEHIND}[ ]?:?[ ]"
    rf"|(?i:{any_of('profession', 'name_word', 'office')}){NO_LETTER_BEHIND}"
    rf"(?:[ ][^\W\d_]{{1,12}}){{0,2}}[ ]?:[ ])"
    rf"(?:{_PREFIX}){{0,2}}{_ONE}"
)
_SEATED = re.compile(  # Locker 12 Murphy; Table 7 - Murphy; Locker 12 Murphy K.
    rf"{WORD_BEGINS}(?i:{any_of('seat', 'bell')}){NO_LETTER_BEHIND}[ ]"
    rf"(?:[Nn][o°ºr]\.?[ ])?\d{{1,5}}(?:[A-Z]|\.?[º°ª])?(?:[ ](?i:{any_of('floor')})\.?)?"
    r"[ ]?[:,–-]?[ ]"
    rf"(?:{_PREFIX}){{0,2}}(?P<name>{PART})(?<!\.){NO_LETTER_BEHIND}"
    rf"(?:[ ](?P<more>{PART}(?<!\.)))?(?:[ ](?P<initial>{CAPITAL}\.?(?:-{CAPITAL}\.?)?)(?!\w))?"
    r"(?=[ ]?(?:$|[\n,;(|/–-]))"
)
_PRIVATE = re.compile(  # Patient Rousseau – box 3
    rf"{WORD_BEGINS}(?i:{any_of('private')})[ ]{_ONE}(?=[ ]?(?:$|[\n,;(|–-]))"
)
_TIMED = re.compile(  # Interview Kieran O'Dowd, 11:30
    rf"{WORD_BEGINS}(?i:{any_of('appointment')}){NO_LETTER_BEHIND}[ ]?[:,–-]?[ ]"
    rf"(?:(?i:{any_of('to_whom')})[ ])?{_ONE}"
    r"(?=,?[ ](?:[^\W\d_]{1,3}[ ]){0,2}\d{1,2}[:.h]\d\d)"
)
_MINUTE = re.compile(rf"(?<!\d)\d{{1,3}}(?:\+\d)?['’′][ ]{_ONE}")  # 55' Murphy
_INITIALED = re.compile(
    rf"(?<![^\s(\[\"'„“«:/|–-])(?<!{CAPITAL}\.[ ])(?<![^\W\d_]['’])"
    rf"(?P<name>{CAPITAL}\.(?:[ -]?{CAPITAL}\.){{0,2}}[ ]?(?:(?i:{any_of('particle')})[ ]){{0,2}}"
    rf"(?P<surname>{CAPITAL}[^\W\d_]{{2,24}}(?:[-'’][^\W\d_]{{2,24}})?)){NO_LETTER_BEHIND}"
    rf"(?![ ]?&|[ ]{CAPITAL}|['’]s)"
)
_SURE = frozenset(word.strip(".") for word in listed("office"))
_STOPPED = frozenset(word[:-1] for word in listed(*_OFFICES) if word.endswith("."))
_STOPPED -= frozenset(listed(*_OFFICES))
_NEVER = frozenset(
    listed(
        *("office_of", "no_name", "title", "weak_title", "article", "months", "office_more"),
        *_OFFICES,
    )
)
_SELDOM = frozenset(
    listed(
        *("no_label", "work", "name_word", "kin", "chapter", "badge", "addressed", "rank"),
        *("person_before", "person_behind"),
    )
)
"""Words that are names behind some titles, such as the Polish name that means grandson."""
_TRADES = frozenset(listed("profession", "thing"))
_THINGS = frozenset(listed("thing", "work", "street_before", "street_behind", "office_of"))
_ALL = _NEVER | _SELDOM | _TRADES | _THINGS
_OF_OFFICES = frozenset(listed("office_of"))
_WORD_BEFORE = re.compile(rf"(?<![^\W_])({CAPITAL}[^\W\d_]+)[ ]$")
_FAMOUS_SURNAMES = frozenset(name.split()[-1] for name in famous())  # Room 9 Picasso
_LABEL = re.compile(r"(?<![^\W_])([^\W\d_]+)(?:[ ]\d{1,5}[A-Z]?)?[ ]?:[ ]$")
_SEATS = frozenset(listed("seat", "bell", "crew"))
_ROMAN = re.compile("[IVXLC]+")
_YEAR = re.compile(r"[ ,(]{1,2}(?:19|20)\d\d(?!\d)")
_NEAR = 30
_LEAST, _LEAST_WEAK, _LEAST_LED_BY_PARTICLE = -3.1, 0.6, -3.5
_LEAST_TRADE, _LEAST_ALONE, _LEAST_INITIALED = 0.8, 0.8, 1.5
_LEAST_LED_BY_INITIALS, _LEAST_FULL = -2.0, -2.0
_SHORTEST, _SHORT = 3, 2


def names_behind_offices(text: str, is_of_things: IsLabel) -> Iterator[Span]:
    """Names of one word behind a title of an office. `is_of_things`, called with `text` and the
    start of the title, tells whether a label before it names a thing: "Film: "."""
    for match in _RANKED.finditer(text):
        start, end = match.span("name")
        end -= 2 * (text[end - 2 : end] in ("'s", "’s"))
        if is_of_work(text, match.start(), start, end) or is_famous(text[start : match.end()]):
            continue
        if (
            match[3]
            and match[3][0].isupper()
            and "," not in match.group()
            and likeness(match[3]).surname > _LEAST
        ):
            end = match.end(3)
        of_thing = _is_of_thing(match) or is_of_things(text, match.start())
        if _is_name(match) and not of_thing:
            yield Span("name", start, end, 0.6)


def names_of_one_word(text: str, is_of_things: IsLabel) -> Iterator[Span]:
    """Names of one word behind words that call a person, and initials with a surname. The arguments
    are those of `names_behind_offices`."""
    for pattern in (_BOOKED, _SEATED, _MINUTE, _PRIVATE, _TIMED):
        for match in pattern.finditer(text):
            known = pattern is _SEATED and plain(match["name"]) in _FAMOUS_SURNAMES
            if (
                not known
                and not (pattern is _TIMED and match["more"] is None)
                and _is_alone_or_full(match["name"], match["more"])
                and not is_of_work(text, match.start(), *match.span("name"))
            ):
                yield Span("name", match.start("name"), match.end(), 0.5)
    for match in _INITIALED.finditer(text):
        surname = match["surname"]
        likely = likeness(surname).surname > _LEAST_INITIALED and surname.lower() not in _ALL
        label = _LABEL.search(text, max(0, match.start() - _NEAR), match.start())
        of_thing = is_of_things(text, match.start()) and not (
            label and label.group(1).lower() in _SEATS
        )
        if likely and not of_thing and not is_famous(match["name"]):
            yield Span("name", *match.span("name"), 0.5)


def _is_alone_or_full(first: str, last: str | None) -> bool:
    """Whether one word is a name, or two are a given name and a surname."""
    if last is None:
        return _is_alone(first)
    if {first.lower(), last.lower()} & (_NEVER | _TRADES | _THINGS) or is_famous(f"{first} {last}"):
        return False
    if is_given(last) and not is_given(first) and likeness(first).surname > _LEAST_ALONE:
        return True  # sala 6, Mroczkowska Halina
    least = _LEAST_LED_BY_INITIALS if is_given(first) else _LEAST_ALONE
    return likeness(last).surname > least and (
        is_given(first) or likeness_of_name(f"{first} {last}") > _LEAST_FULL
    )


def _is_alone(word: str) -> bool:
    """Whether a word that stands alone or behind initials is a name, and none of a place or a
    thing."""
    initials, _, word = word.rpartition(".")
    word = word.strip()
    if len(word) < _SHORTEST or word.lower() in _ALL or is_function_word(word):
        return False
    return (is_given(word) and not is_word_too(word)) or likeness(word).surname > (
        _LEAST_LED_BY_INITIALS if initials else _LEAST_ALONE
    )


def _is_name(match: re.Match[str]) -> bool:
    name = match["name"]
    word = re.sub(r"['’]s$", "", re.split(r"[ ]", name)[-1])
    led = len(name.split()) > 1 or not name[0].isupper()
    office = match["office"].strip(".")
    sure = office.lower() in _SURE
    if len(word) < _SHORTEST or word.lower() in _NEVER or is_function_word(word):
        return False
    if _ROMAN.fullmatch(word):  # cap. VIII
        return False
    if not sure and word.lower() in _SELDOM:
        return False
    stopped = match.string.startswith(".", match.start() + len(office))
    short = (office.islower() and len(office) <= _SHORT) or office.lower() in _STOPPED
    if short and not stopped:  # di; Red River, but: red. Nowak
        return False
    odds = likeness(word).surname
    if word.lower() in _TRADES:  # Sgt. Baker, Pfarrer Schneider
        return sure and odds > _LEAST_TRADE
    if is_given(word) and not is_word_too(word):
        return True
    least = _LEAST_LED_BY_PARTICLE if led else _LEAST if sure else _LEAST_WEAK
    return odds > least


def _is_of_thing(match: re.Match[str]) -> bool:
    """Whether a word of things follows or comes before: "Captain Cook Hotel", "Institut Pasteur
    Paris"."""
    before = _WORD_BEFORE.search(match.string, max(0, match.start() - _NEAR), match.start())
    beside = (match[3], before.group(1) if before else None)
    if _YEAR.match(match.string, match.end("name")):  # Don Melchor 2018
        return True
    if "," in match.group():  # Tante Anna, chambres d'hôtes; but: Sgt. Murphy, room 4
        return match[3].lower() in _THINGS - _OF_OFFICES
    return any(word is not None and word.lower() in _THINGS for word in beside)
