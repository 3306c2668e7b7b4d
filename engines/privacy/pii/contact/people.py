"""Finds names of people after a title or in a field of a form: "Mr John Smith", "Vorname: Jonas".

Patterns cannot find a name without such words. That needs a trained model (see `presidio`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEFORE, NO_LETTER_BEHIND, WORD_BEGINS
from engines.privacy.pii.words.given import ends_famous, is_famous, is_famous_name, is_given
from engines.privacy.pii.words.lexicon import any_of, listed
from engines.privacy.pii.words.likeness import likeness, likeness_of_name

_LETTERS = [chr(code) for code in range(0x41, 0x530)]  # Latin, Greek, Cyrillic
CAPITAL = "[" + "".join(letter for letter in _LETTERS if letter.isupper()) + "]"
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f])"
PART = rf"{CAPITAL}(?:{_LETTER}{{1,24}}(?:['’-]{_LETTER}{{1,24}}){{0,2}}|['’]{_LETTER}{{2,24}}|\.)"
_GAP = r"(?:[ /]|(?<=\.))"  # A.B. Kuipers
LATER = rf"(?:(?i:{any_of('particle')})[ ]){{0,2}}(?:[dD](?:ell|all)?['’])?{PART}"
"""A word of a name after the first, with particles: "de Vries", "d'Arcy"."""
_NAME = rf"{PART}(?:{_GAP}{LATER}){{0,3}}{NO_LETTER_BEHIND}"
TWO = rf"{PART}(?:{_GAP}{LATER}){{1,3}}{NO_LETTER_BEHIND}"
_LINE_ENDS = r"\s*(?=$|[\n;|(])"
_TURNED = (  # HARRISON, Dale; Lindner, Petra; de Vries, Jan
    rf"{CAPITAL}{{2,24}}, ?{PART}{NO_LETTER_BEHIND}"
    rf"|(?:(?i:{any_of('particle')}) ){{0,2}}{PART}(?:[ -]{PART})?, ?{PART}(?: {PART})?"
    rf"{NO_LETTER_BEHIND}{_LINE_ENDS}"
)
_AFTER_PARTICLE = rf"(?:(?i:{any_of('particle')}) ){{0,2}}"
_TITLES = rf"(?i:{any_of('title')}|{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
_MORE_TITLES = rf"(?:{_TITLES}){{0,2}}"
_OF_BOTH = r"(?:[:*/_]?in(?:nen)?|\(e\)|·e|/[aeo]|/ka)?"  # Fahrer:in, salarié(e), alumno/a
_BARE = rf"(?:{CAPITAL} ){{1,3}}{PART}{NO_LETTER_BEHIND}"  # B J Thornberry
_OWNER = (  # Eigentümer des Hundes, proprietario animale
    rf"(?i:\s(?:(?:{any_of('of')})\s)?"
    rf"(?:{any_of('name_owner', 'beside_role', 'vehicle')}){NO_LETTER_BEHIND})?"
)
_STRONG = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"{_MORE_TITLES}({_AFTER_PARTICLE}{_NAME}|{_BARE})"
)
_WEAK = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"{_MORE_TITLES}({TWO})"
)
_FIELD = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('name_field')}){_OF_BOTH}{NO_LETTER_BEHIND}{_OWNER}[\s:.\-/_]{{1,6}}"
    rf"{_MORE_TITLES}({_AFTER_PARTICLE}{_NAME}|{_BARE})(?!\s?:)"
)
_COLON = re.compile(
    rf"(?=[^\W\d_])(?<![^\W\d_] ){WORD_BEGINS}(?i:(?:{any_of('beside_role', 'vehicle')})\s)?"
    rf"(?i:{any_of('name_word', 'name_alone', 'profession')}){_OF_BOTH}{_OWNER}\s{{0,2}}:\s{{0,3}}"
    rf"{_MORE_TITLES}({TWO}|{_BARE}|{_TURNED})"
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
    rf"{_MORE_TITLES}({TWO}) ?(?=$|[\n,])"
)
_HEADED = re.compile(  # a column of a form: Name\nJohn Smith
    rf"(?:^|\n)(?i:{any_of('name_alone')})\n({TWO}) ?(?=$|\n)"
)
_SURNAME = re.compile(  # Pan Kowalski
    rf"{WORD_BEGINS}(?i:{any_of('weak_title')}){NO_LETTER_BEHIND}\.?\s{{0,2}}"
    rf"({CAPITAL}{_LETTER}{{2,24}}(?:{any_of('surname_end')})){NO_LETTER_BEHIND}"
)
_OF_WORK = re.compile(
    rf"[^\n]{{0,24}}?{NO_LETTER_BEFORE}(?i:{any_of('work')}){NO_LETTER_BEHIND}|(?<=['’]s) {CAPITAL}"
)
_THING_BEFORE = re.compile(rf"(?<![^\W_])({CAPITAL}[^\W\d_]+)[ ]$")
_AUTHOR = re.compile(  # Good Company, by ...
    rf"(?:^|\n)(?:{CAPITAL}[^\W_]*[ ](?:[^\W\d_]{{1,3}}[ ])?){{1,4}}{CAPITAL}[^\W_]*"
    r", (?:de|by|di|von|van|par|of)[ ]$"
)
_ENDS = re.compile(r"[ ]?(?:$|\n)")
_LONGEST_TITLE = 60
_POSSESSIVE = re.compile(rf"['’]s {CAPITAL}")
"""Behind a name that a title comes before: "Signora Ava, romanzo", "Mrs Brown's Boys"."""
_BY = re.compile(  # Served by Daniel Okafor; in case of emergency: Rosa Vidal
    rf"{WORD_BEGINS}(?i:{any_of('name_by')}){NO_LETTER_BEHIND}\s?:?\s{{1,2}}(?:[dD]['’])?"
    rf"{_MORE_TITLES}({_AFTER_PARTICLE}{TWO})"
)
_GREETED = re.compile(  # Dear Jonathan Pierce,
    rf"{WORD_BEGINS}(?i:{any_of('greeting')}){NO_LETTER_BEHIND}\s{_MORE_TITLES}({TWO}) ?(?=[,!:])"
)
_MYSELF = re.compile(  # I, Peter Galloway, declare
    rf"(?:^|[\n.] ?|(?<=[^\W\d_] ))(?i:{any_of('myself')}), {_MORE_TITLES}({TWO}),"
)
_MAIL = re.compile(  # From: Alistair Penhaligon\nSubject: rota
    rf"(?:^|\n)(?i:{any_of('mail_person')}) ?: ?({TWO}) ?"
    rf"(?=\n(?:[^\n]{{0,80}}\n)?(?i:{any_of('mail_header')}) ?:)"
)
_APPOINTED = re.compile(  # Interview 11:30 Kieran O'Dowd
    rf"{WORD_BEGINS}(?i:{any_of('appointment')}){NO_LETTER_BEHIND}[ :,]{{1,3}}"
    rf"(?:[^\n]{{0,14}}?\b\d{{1,2}} ?[:.h] ?(?:\d\d)?(?: ?(?:Uhr|uur|h|am|pm))?[ ,:–-]{{1,3}})"
    rf"{_MORE_TITLES}({TWO}) ?(?=$|[\n,;(])"
)
_SPEAKER = re.compile(  # "I froze", said Callum Derbyshire
    rf"[\"'”“»’«],? (?i:{any_of('speech')}) {_MORE_TITLES}({TWO})"
)
_UNDERSIGNED = re.compile(
    rf"{WORD_BEGINS}(?i:{any_of('undersigned')}){NO_LETTER_BEHIND}[\s:,]{{1,3}}{_MORE_TITLES}({TWO})"
)
_FAMILY = re.compile(  # on a doorbell
    rf"{WORD_BEGINS}(?i:{any_of('family')}){NO_LETTER_BEHIND}\.? ({_NAME}) ?(?=$|[\n,])"
)
_BOARDING = re.compile(  # HARGREAVES/JOHN MR; DE WIT/ANNA MEVR
    rf"(?<![^\W_])((?:(?i:{any_of('particle')}) ){{0,2}}{CAPITAL}{{2,24}} ?/ ?{CAPITAL}{{2,24}} ?"
    rf"(?:MSTR|CHD|INF|(?i:{any_of('title', 'weak_title')})))(?!\w)"
)
_CLAN = re.compile(rf"(?:^|\n)(?i:the|family) ({PART}) (?i:{any_of('family')}) ?(?=$|[\n,.!])")
_BELL = re.compile(  # Doorbell: Osei / Marsh
    rf"{WORD_BEGINS}(?i:{any_of('bell')}){NO_LETTER_BEHIND} ?: ?({_NAME}) ?(?=$|[\n,;|/–-])"
)
_LABELED = re.compile(  # any label and a colon; the name begins with a given name
    rf"(?::\s{{0,3}}|[^\W\d_] - ){_MORE_TITLES}({TWO})"
    r"(?=$|\s?[\n,;|(–-]|\s{2}|\s\d(?!\d?:\d(?!\d)))"
)
_LABELED_TURNED = re.compile(
    rf":\s{{0,3}}{_MORE_TITLES}((?:{_AFTER_PARTICLE}){PART}, ?{PART}{NO_LETTER_BEHIND})"
)
_TO_WHOM = re.compile(  # Certificate for Kayleigh Burrows
    rf"{WORD_BEGINS}(?i:{any_of('to_whom')})\s{_MORE_TITLES}({TWO})"
)
_CLOSED = re.compile(  # Kind regards from the seaside,\nEmma Clarke
    rf"{WORD_BEGINS}(?i:{any_of('closing', 'signed')}){NO_LETTER_BEHIND}"
    rf"(?:\s[^\W\d_](?:[^\W\d_]|['’]){{0,20}}){{0,5}}[ ,.!]{{0,3}}\n{{1,3}} ?"
    rf"{_MORE_TITLES}({TWO}) ?(?=$|[\n,])"
)
_CLOSED_IN_LINE = re.compile(  # Kind regards, Emma Clarke; greetings from Emma Clarke
    rf"{WORD_BEGINS}(?i:{any_of('closing', 'wish', 'owned')}){NO_LETTER_BEHIND}"
    rf"(?:[ ]?[,.!:–-]{{1,3}}[ ]|[ ](?i:{any_of('agent', 'of')})[ ]|[ ](?:[dD]['’])?)"
    rf"{_MORE_TITLES}({TWO}) ?(?=$|[\n,;.!?(])"
)
_MONSIEUR = re.compile(rf"(?:^|\n|[^\W\d_][,:]? )M\. ({PART}) ?(?=$|[\n,;])")
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
    (_BY, 0.7),
    (_GREETED, 0.7),
    (_MYSELF, 0.7),
    (_MAIL, 0.8),
    (_SPEAKER, 0.7),
    (_APPOINTED, 0.6),
    (_UNDERSIGNED, 0.8),
    (_FAMILY, 0.6),
    (_BOARDING, 0.8),
    (_CLAN, 0.6),
    (_BELL, 0.6),
)
_LABELS_OF_OTHERS = frozenset(listed("no_label", "chapter"))
_THINGS = frozenset(listed("thing"))
_WORKS = frozenset(listed("work"))
_QUOTED = re.compile(r"[\"'‘’“„«‚»][^\n\"'‘’“”„«»‚]{1,40}[\"'’”“»‘«]")
"""A title and name in quotation marks: a rose 'Dr. Ruppel', the game "Dr. Bibber"."""
_ROLES = frozenset(listed("name_word", "kin", "badge", "profession", "bell"))
_ADDRESSED = frozenset(listed("addressed"))
_PRIZES, _RANKS = frozenset(listed("prize")), frozenset(listed("rank"))
_FOR_WHOM = frozenset(listed("for_whom"))
_PRIVATE = frozenset(listed("private", "bell"))
_LONGEST_LABEL = 40
_LIKE_A_NAME, _LIKE_A_NAME_OF_ROLE = 2.0, -2.0
"""Least likeness of a name whose given name is in no list, behind any label and behind a role."""
_SURNAME_BEHIND_INITIAL = 1.0
_NOBODY = frozenset(listed("no_name"))
_PARTICLES = frozenset(listed("particle"))
_NO_BEGINNING = frozenset(listed("no_first"))  # "Herr der Ringe"


def find_names(text: str) -> Iterator[Span]:
    """Names after a title, in a field of a form, after a word with a colon, or after the closing of
    a letter; and full names with a common given name after any other label with a colon."""
    for pattern, confidence in _PATTERNS:
        for match in pattern.finditer(text):
            titled = pattern in (_STRONG, _WEAK)
            if titled and is_of_work(text, match.start(), *match.span(1)):
                continue
            if _may_be_somebody(match.group(1)):
                yield Span("name", match.start(1), match.end(1), confidence)
    for pattern, place in ((_LABELED, 0), (_LABELED_TURNED, -1), (_TO_WHOM, 0)):
        for match in pattern.finditer(text):
            name = match.group(1)
            if (
                _is_given(name, place, _least_likeness(text, match.start()))
                and _may_be_somebody(name)
                and not (_is_known(name) and not _is_of_private(text, match.start()))
                and _is_label(text, match.start())
                and not (pattern is _TO_WHOM and _is_behind_thing(text, match.start()))
                and not is_author(text, *match.span(1))
            ):
                yield Span("name", match.start(1), match.end(1), 0.7)
    for pattern in (_CLOSED, _CLOSED_IN_LINE):
        for match in pattern.finditer(text):
            name = match.group(1)
            likely = _is_given(name, 0, _LIKE_A_NAME_OF_ROLE) and not is_famous(name)
            if likely and _may_be_somebody(name):
                yield Span("name", match.start(1), match.end(1), 0.7)


def is_of_work(text: str, title: int, start: int, end: int) -> bool:
    """Whether the name from `start` to `end` behind a title, which begins at `title`, belongs to a
    book, a film, a product."""
    name = text[start:end]
    if is_famous_name(text[title:end]):  # Professor Layton
        return True
    if text.startswith("MS ", title) and not name.isupper():  # MS Rheinperle, a motor ship
        return True
    before = _THING_BEFORE.search(text, max(0, title - _LONGEST_LABEL), title)
    if before is not None and before.group(1).lower() in _THINGS | _WORKS:  # Akademia Pana Kleksa
        return True
    later = name.lower().split()[1:]
    if sum(word in _THINGS for word in later) > 1:  # Captain Cook Memorial Museum
        return True
    if not _WORKS.isdisjoint(later) or _QUOTED.match(text, max(0, title - 1)):
        return True
    return _POSSESSIVE.search(name) is not None or _OF_WORK.match(text, end) is not None


def is_author(text: str, start: int, end: int) -> bool:
    """Whether the name ends a line that begins with a title: "Good Company, by Anna Berger"."""
    before = text[max(0, start - _LONGEST_TITLE) : start]
    return _AUTHOR.search(before) is not None and _ENDS.match(text, end) is not None


def _may_be_somebody(name: str) -> bool:
    words = re.findall(r"[^\W\d_]+", name.lower())
    if words[1:-1] == ["e"]:  # Don Camillo e Peppone
        return False
    named = [words[0], *(word for word in words[1:2] if word not in _PARTICLES)]
    if len(name.split()) > 1 and is_given(words[0]):  # Pan Tadeusz, but: Tadeusz Kowal
        named = named[1:]
    return not _NOBODY.intersection(named) and words[0] not in _NO_BEGINNING


def _is_given(name: str, place: int, least: float = _LIKE_A_NAME) -> bool:
    """Whether the first (0) or the last (-1) word of `name` is a given name, or else all of it
    looks like a name, with log odds above `least`."""
    words = re.split(r"[ ,]+", name)
    if is_given(words[place]):
        return True
    if words[0].endswith("."):  # Approved: J. Hartley
        return likeness(words[-1]).surname > _SURNAME_BEHIND_INITIAL
    return place == 0 and not name.isupper() and likeness_of_name(name) > least


def _least_likeness(text: str, colon: int) -> float:
    before = text[max(0, colon - _LONGEST_LABEL) : colon].rpartition("\n")[2].lower()
    words = re.findall(r"[^\W\d_]+", before)
    sure = bool(words) and (words[-1] in _ROLES | _FOR_WHOM or words[-1] in _ADDRESSED)
    return _LIKE_A_NAME_OF_ROLE if sure else _LIKE_A_NAME


def _is_behind_thing(text: str, start: int) -> bool:
    """Whether the word before `start` is that of a thing: "Trattoria da Franco Colombo"."""
    words = re.findall(r"[^\W\d_]+", text[max(0, start - _LONGEST_LABEL) : start].lower())
    return words[-1:] != [] and words[-1] in _THINGS


def _is_known(name: str) -> bool:
    return is_famous(name) or ends_famous(name)


def _is_of_private(text: str, label: int) -> bool:
    """Whether the last word before `label` speaks of private people: "Parcel for Grace Hopper"."""
    words = re.findall(r"[^\W\d_]+", text[max(0, label - _LONGEST_LABEL) : label].lower())
    return bool(words) and words[-1] in _PRIVATE


def _is_label(text: str, colon: int) -> bool:
    """Whether the words before a colon may call a person: "Recipe for:", not "Film:", "Hotel:"."""
    before = text[max(0, colon - _LONGEST_LABEL) : colon].rpartition("\n")[2].lower()
    words = re.findall(r"[^\W\d_]+", before)
    if words and words[-1] in _FOR_WHOM | _ROLES:
        return True
    if not _PRIZES.isdisjoint(words) and (before[:1].isdigit() or not _RANKS.isdisjoint(words)):
        return True
    return bool(words) and not _LABELS_OF_OTHERS.intersection(words)
