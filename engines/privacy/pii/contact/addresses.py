"""Finds postal addresses: a street with a number, or a post-office box, and then a postal code and
a place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.contact.people import CAPITAL
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEFORE, NO_LETTER_BEHIND
from engines.privacy.pii.words.lexicon import any_of, listed

_BETWEEN = 48  # characters from the street to the postal code: floor, district, place
_BEFORE = 90  # characters looked at before a postal code
_WORD = r"[^\W\d_][^\W_'’.-]{0,24}(?:['’.-][^\W_]{0,24}){0,2}"
_HOUSE = r"(?:s/n|\d{1,5} ?(?:[a-z]|bis|ter|zwart|rood|[-/] ?[\dIVX]{1,4}[a-z]?)?)(?![^\W_])"
_BEHIND = rf"(?:{any_of('street_behind')}){NO_LETTER_BEHIND}"
_END = rf"(?:{any_of('street_end')})"
_FIRST = rf"(?:{any_of('street_before')}){NO_LETTER_BEHIND}[.:]? {{0,2}}"
_BOX = rf"{NO_LETTER_BEFORE}(?:{any_of('box')}){NO_LETTER_BEHIND}[ :.]{{0,3}}\d[\d ]{{0,10}}"
_FORMS = (
    # 221B Baker Street; 350 Fifth Avenue
    rf"(?<![^\W_])\d{{1,5}}[a-z]?,? (?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{0,4}}?{_BEHIND}",
    # Goethestr. 45a; Mariahilfer Straße 88; Stationsplein 1
    rf"{NO_LETTER_BEFORE}[^\W\d_](?:[^\W_]|[ -]){{0,30}}?{_END},? {{0,2}}{_HOUSE}",
    # 12 rue de la Paix; 5 bis avenue Jean Jaurès
    rf"(?<![^\W_])\d{{1,4}} ?(?:bis|ter)?,? ?{_FIRST}{_WORD}(?: {_WORD}){{0,5}}",
    # Via Roma 10; Calle Mayor, 15; ul. Długa 3/4; Am Markt 7
    rf"{NO_LETTER_BEFORE}{_FIRST}(?:\d{{1,2}} )?{_WORD}(?: {_WORD}){{0,5}}?"
    rf",? {{0,2}}(?:n\.?º? ?)?{_HOUSE}",
    # 1 Grand-Rue; Gran Vía 22
    rf"(?<![^\W_])\d{{1,4}} ?(?:bis|ter)?,? ?(?:{any_of('street_whole')}){NO_LETTER_BEHIND}",
    rf"{NO_LETTER_BEFORE}(?:{any_of('street_whole')}),? {{0,2}}(?:n\.?º? ?)?{_HOUSE}",
    # lieu-dit Kerbihan; Urb. Los Pinos, chalet 7: a place with a name and no street
    rf"{NO_LETTER_BEFORE}(?:{any_of('place_before')}){NO_LETTER_BEHIND}"
    rf"\.? {{0,2}}{_WORD}(?: {_WORD}){{0,4}}?"
    rf"(?:,? {{0,2}}(?:(?:{any_of('place_unit')}) )?{_HOUSE})?",
    _BOX,
)
_STREET = re.compile("|".join(_FORMS), re.IGNORECASE)
_TOWN = rf"(?:[LD]['’])?{CAPITAL}[^\W\d_]{{1,24}}(?:-[^\W\d_]{{1,24}}){{0,4}}"
_STATES = "NSW|VIC|QLD|SA|WA|TAS|ACT|NT"
_CODES = (
    r"[A-Z]{2},? \d{5}(?:-\d{4})?",  # CA 94043
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # NW1 6XE
    r"[A-Z]\d[A-Z] \d[A-Z]\d",  # K1A 0B1
    r"(?<=[ ,\n])[AC-FHKNPRTV-Y]\d[\dW] ?(?=[A-Z\d]{0,3}\d)[AC-FHKNPRTV-Y\d]{4}",  # T12 K7P4
    rf"\d{{4}} ?[A-Z]{{2}} {_TOWN}",  # 1012 JM Amsterdam
    # 10115 Berlin, 8001 Zürich, 00-590 Warszawa, 1100-053 Lisboa, 118 50 Stockholm
    r"(?:[A-Z]{1,2}-)?(?:\d{4,5}|\d{2}-\d{3}|\d{4}-\d{3}|\d{5}-\d{3}|\d{3} \d{2})[ \n]{1,2}"
    + _TOWN,
    rf"(?<=[,–-] ){_TOWN}(?: {_TOWN})?(?: \([A-Z]{{2}}\))?,? "
    rf"(?:(?:{_STATES}) \d{{4}}|(?!19|20)\d{{4,5}})",
    r"(?<=[, ])[1-9]\d{3} ?(?!AD|AM|PM|BC|KG|ML)[A-Z]{2}",  # Molenweg 12 te Assen, 9401KD
    r"- [A-Z]{2},? (?:CEP:? )?\d{5}-\d{3}",  # São Paulo - SP, 01304-001
)
_CODE = re.compile(rf"(?<![\w-])(?:{'|'.join(_CODES)})(?![\w-])")
_CODE_FIRST = re.compile(  # 34117 Kassel, Mühlweg 12
    r"(?<![\w-])(?:(?:(?:A|B|CH|D|DK|F|I|L|N|S)-)?(?:\d{5}|(?!19|20)\d{4})|\d{2}-\d{3}|\d{4}-\d{3}"
    rf"|\d{{3}} \d{{2}}|\d{{4}} ?[A-Z]{{2}}) {_TOWN}(?: {_TOWN}){{0,2}}(?: \([A-Z]{{2}}\))?"
    r"(?:,[ \n]{0,2}| [-–|/] ?|\n)"
)
_NUMBERED = (  # Meir 50, B-2000 Antwerpen; Gdańska 14/3, 85-006 Bydgoszcz: no word for a street
    rf"{CAPITAL}[^\W\d_]{{2,24}}(?:[ -]{CAPITAL}[^\W\d_]{{1,24}}){{0,3}} "
    r"\d{1,4} ?[a-z]?(?:[/-](?:\d{1,4}|[IVX]{1,4}|[a-z]{1,3}))?(?: (?:bis|ter|hs))?(?:,[ \n]?|\n)"
)
_NAMED_ONLY = re.compile(
    rf"(?<![\w-]){_NUMBERED}(?:(?:A|B|CH|D|DK|F|I|L|N|S)-\d{{4,5}}|\d{{2}}-\d{{3}}|\d{{3}} \d{{2}}"
    rf"|(?!\d\d000)\d{{5}}|\d{{4}} ?[A-Z]{{2}}) {_TOWN}(?![\w-])"
)
_BRITISH = re.compile(  # Church Lane, Oxford OX2 8JQ: a street without a number
    rf"(?<![^\W_]){CAPITAL}[^\W\d_]{{1,24}} (?:{CAPITAL}[^\W\d_]{{1,24}} ){{0,2}}(?i:{_BEHIND})"
    rf",?[ \n]{{1,2}}(?:{_TOWN}[ ,\n]{{1,3}}){{1,4}}[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}(?!\w)"
)
_BRITISH_NUMBERED = re.compile(  # 14 Kirkgate, Ripon HG4 1QF
    rf"(?<![^\W_])\d{{1,4}}[A-Za-z]?,? {CAPITAL}[^\W\d_]{{3,24}}"
    rf"(?: {CAPITAL}[^\W\d_]{{1,24}}){{0,2}}"
    rf"(?:,[ \n]{{1,2}}|\n)(?:{_TOWN}[ ,\n]{{1,3}}){{1,4}}"
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?!\w)"
)
_UNIT = rf"(?:{any_of('address_unit')}){NO_LETTER_BEHIND}\.? ?(?:\d{{1,4}}[a-z]?|[a-z])(?![^\W_])"
_CALLED = re.compile(
    rf"{NO_LETTER_BEFORE}(?i:{any_of('address_field')}){NO_LETTER_BEHIND}[\s:]{{1,4}}"
    rf"(?:[^\W\d_]{{2,4}} )?((?i:{_UNIT},? )?(?i:{'|'.join(_FORMS)})"
    rf"(?:,? {{0,2}}{_TOWN}(?: {_TOWN})?)?)"
)
_WITH_TOWN = re.compile(  # ul. Żeromskiego 64/22, Radom
    rf"(?:(?<=^)|(?<=[\n:,(–-] )|(?<=[\n:]))(?i:{_FORMS[3]}|{_FORMS[1]}),[ ]{_TOWN}"
    rf"(?:[ ]{_TOWN})?[ ]?(?=$|[\n,;)!])"
)
_HOME = re.compile(rf"{NO_LETTER_BEFORE}(?i:{any_of('home')}){NO_LETTER_BEHIND}")
_THINGS = frozenset(listed("thing", "no_label"))
_FROM_HOME = 60  # characters from such a word to the end of the street
_PART = re.compile(  # Camino Real 917, depto. 402: no postal code, but a part of a house
    rf"(?<![^\W_])(?i:{_UNIT}|\d{{1,2}}\.? ?(?:{any_of('address_unit')}))(?![^\W_])"
    rf"(?:, {_TOWN}(?: {_TOWN})?)?"
)
_NEAR = 3  # characters from the street to the part


def find_addresses(text: str) -> Iterator[Span]:
    """Spans from the street to the place. A postal code without a street does not count, and a
    street without a postal code counts only after a word such as "Address:" or "we live", or with
    a part of the house or a town behind it: "Camino Real 917, depto. 402", "Via Roma 3, Como"."""
    for code in _CODE.finditer(text):
        start = max(0, code.start() - _BEFORE)
        streets = list(_STREET.finditer(text, start, code.start()))
        if streets and code.start() - streets[-1].end() <= _BETWEEN:
            yield Span("address", streets[-1].start(), code.end(), 0.9)
    for code in _CODE_FIRST.finditer(text):
        street = _STREET.match(text, code.end())
        if street is not None:
            yield Span("address", code.start(), street.end(), 0.8)
    for pattern in (_NAMED_ONLY, _BRITISH, _BRITISH_NUMBERED):
        for match in pattern.finditer(text):
            yield Span("address", match.start(), match.end(), 0.8)
    for match in _CALLED.finditer(text):
        yield Span("address", match.start(1), match.end(1), 0.8)
    for home in _HOME.finditer(text):
        line = text.find("\n", home.end())
        end = min(home.end() + _FROM_HOME, line if line >= 0 else len(text))
        street = _STREET.search(text, home.end(), end)
        if street is None:
            continue
        between = re.findall(r"[^\W\d_]+", text[home.start() : street.start()].lower())
        if _THINGS.isdisjoint(between):  # but: collection from our shop, 14 High Street
            yield Span("address", street.start(), street.end(), 0.7)
    for match in _WITH_TOWN.finditer(text):
        yield Span("address", match.start(), match.end(), 0.6)
    for part in _PART.finditer(text):
        streets = list(_STREET.finditer(text, max(0, part.start() - _BEFORE), part.start()))
        if streets and part.start() - streets[-1].end() <= _NEAR:
            yield Span("address", streets[-1].start(), part.end(), 0.7)
