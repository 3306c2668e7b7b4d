"""Finds personal data whose parts or whose label stand in different lines: a given name above its
surname on a badge, "Date of birth" above a date, "Surname" above a column of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from engines.privacy.model import PiiMatch
from engines.privacy.pii.words.given import is_famous, is_famous_turned, is_given, is_word_too
from engines.privacy.pii.words.lexicon import any_called, any_of, listed, schemes
from engines.privacy.pii.words.likeness import likeness
from engines.privacy.pii.words.looks import NO_PERSON, ROLES, SAINTS, looks_like_name

if TYPE_CHECKING:
    from engines.privacy.model import Box, TextRegion
    from engines.privacy.text import Document

Find = Callable[[str], Sequence[PiiMatch]]
_Place = tuple[int, int, "TextRegion"]
_WORD = re.compile(r"[^\W\d_]{2,25}(?:['’-][^\W\d_]{1,24}){0,2}|[^\W\d_]['’][^\W\d_]{2,24}")
_PARTICLES = frozenset(listed("particle"))
_NOBODY = frozenset(listed("no_name", "title", "weak_title", "article", "months"))
_OTHERS = NO_PERSON | ROLES | _NOBODY | SAINTS | frozenset(listed("address_field", "host"))
_TITLES = frozenset(listed("title"))
_ASIDE = re.compile(r"\s?\([^()]{0,24}\)")
_LONGEST_LABEL, _LONGEST_VALUE, _MOST_WORDS = 40, 80, 5
_MOST_LABELS, _MOST_CELLS = 100, 2000
"""Labels of which the cells below are looked at, and cells of all of them together."""
_ALIKE, _IN_LIST = 2.2, 1.3
"""Largest ratio of the heights of the two lines of one name, and of two lines of a list."""
_APART, _CELL_APART, _ALIGNED = 1.0, 2.4, 0.7
"""Largest gap between the lines of one name and between the cells of a column, and largest distance
of their edges or centers, as a share of the higher one's height."""
_SURE_SURNAME, _LIKELY, _LEAST_IN_COLUMN = 1.5, 0.5, -6.0
"""Least likeness of a surname on two lines, of a word below a label, and of one in a column in
which another is as likely as that."""
_SURE_TURNED, _SURE_IF_GIVEN, _MORE_THAN_GIVEN, _LESS_WITH_PARTICLE = 4.0, 2.5, 2.0, 2.0
"""That of a surname above the given name, and of one that is a given name too ("Martin"); how much
more it must be than that of a given name, and how much less it may be behind "de"."""
_SAME_STEP, _LARGER, _OF_TWO = 1.3, 1.2, 2
_FEWEST_DIGITS, _SHORTEST = 4, 2
_NUMBERS = frozenset({"phone", "date_of_birth", "national_id", "passport", "ssn"})


class _Label(NamedTuple):
    """What a label calls."""

    is_number: bool
    is_field: bool
    """Whether it is a part of a name ("Surname"), and not the whole ("Name", "Patient")."""


def find_laid_out(document: Document, find: Find) -> Iterator[PiiMatch]:
    """Names on two lines, and what a label above says; positions are those of `document.text`.
    `find` searches a text for personal data."""
    yield from _names_on_two_lines(document)
    yield from _below_labels(document, find)


def _names_on_two_lines(document: Document) -> Iterator[PiiMatch]:
    """A given name and a surname in two lines of similar height with nothing beside them, which are
    no part of a longer list of single words."""
    lines = [place for place in document.spans if not place[2].is_code]
    for at, (upper, lower) in enumerate(pairwise(lines)):
        if not (_is_alone(document, upper) and _is_alone(document, lower)):
            continue
        if not _continues(upper[2], lower[2], _ALIKE) or not _is_name(
            upper[2].text.strip(), lower[2].text.strip()
        ):
            continue
        before, behind = lines[at - 1 : at], lines[at + 2 : at + 3]
        if any(_is_listed(other[2], upper[2]) for other in before):
            continue
        if not any(_is_listed(lower[2], other[2], behind=True) for other in behind):
            yield _match("name", upper[0], lower[1], document)


def _is_alone(document: Document, place: _Place) -> bool:
    start, end, _ = place
    return document.text[start - 1 : start] in ("", "\n") and document.text[end : end + 1] in (
        "",
        "\n",
    )


def _continues(upper: TextRegion, lower: TextRegion, most: float) -> bool:
    """Whether one line is just below the other, in letters of a similar size."""
    one, other = upper.box, lower.box
    least, higher = min(one[3], other[3]), max(one[3], other[3])
    gap = other[1] - (one[1] + one[3])
    return (
        higher <= most * least
        and -0.5 * least <= gap <= _APART * higher
        and _aligned(one, other, _ALIGNED * higher)
    )


def _aligned(one: Box, other: Box, most: float) -> bool:
    left, right = one[0] - other[0], one[0] + one[2] - other[0] - other[2]
    return min(abs(left), abs(right), abs(left + right) / 2) <= most


def _is_listed(upper: TextRegion, lower: TextRegion, behind: bool = False) -> bool:
    """Whether the two lines are of one list; the one that is asked about is the lower one if
    `behind`, else the upper one."""
    words = (lower if behind else upper).text.split()
    single = len(words) == 1 and words[0][:1].isupper() and words[0].lower() not in _OTHERS
    return single and _continues(upper, lower, _IN_LIST)


def _is_name(upper: str, lower: str) -> bool:
    """Whether two lines are a given name and a surname, or the reverse."""
    if is_famous(f"{upper} {lower}") or is_famous(f"{lower} {upper}"):
        return False
    if _is_given_name(upper) and _is_surname(lower):
        return True
    least = _SURE_SURNAME if upper.isupper() and not lower.isupper() else _SURE_TURNED
    return _is_given_name(lower) and _is_surname(upper, least)


def _is_given_name(text: str) -> bool:
    """Whether each of one or two words is a given name and no other word."""
    words = [word for word in text.split() if word.lower() not in _TITLES]
    return (
        0 < len(words) <= 2
        and all(_WORD.fullmatch(word) and word[0].isupper() and is_given(word) for word in words)
        and words[0].lower() not in SAINTS
        and not is_word_too(words[0])
    )


def _is_surname(text: str, least: float = _SURE_SURNAME) -> bool:
    """Whether one word, with particles before it, is a surname, and rather that than given."""
    *particles, word = text.split() or [""]
    given, surname = likeness(word)
    return (
        _WORD.fullmatch(word) is not None
        and word[0].isupper()
        and all(particle.lower() in _PARTICLES for particle in particles)
        and word.lower() not in _OTHERS
        and surname > least - _LESS_WITH_PARTICLE * bool(particles)
        and (not is_given(word) or surname > max(_SURE_IF_GIVEN, given + _MORE_THAN_GIVEN))
    )


def _below_labels(document: Document, find: Find) -> Iterator[PiiMatch]:
    places = sorted(
        (place for place in document.spans if not place[2].is_code),
        key=lambda place: place[2].box[1],
    )
    labels = {at: label for at, place in enumerate(places) if (label := _label(place[2].text))}
    has_field = any(label.is_field for label in labels.values())
    numbers: list[tuple[str, _Place]] = []
    left = _MOST_CELLS
    for at, label in list(labels.items())[:_MOST_LABELS]:
        cells = list(islice(_cells(places, at, labels), left))
        left -= len(cells)
        if label.is_number:
            title = places[at][2].text.strip(" :")
            numbers += ((title, cell) for cell in cells if _has_digits(cell[2].text))
            continue
        of_part = label.is_field, has_field
        least = [_LIKELY] * len(cells)
        if cells and cells[0][2].box[3] >= _LARGER * places[at][2].box[3]:  # as a form is filled in
            least[0] = _LEAST_IN_COLUMN
        sure = [
            _is_labeled_name(cell[2].text, *of_part, each)
            for cell, each in zip(cells, least, strict=True)
        ]
        even = any(sure) and _is_even([places[at], *cells])
        for cell, is_sure in zip(cells, sure, strict=True):
            if is_sure or (even and _is_labeled_name(cell[2].text, *of_part, _LEAST_IN_COLUMN)):
                yield _match("name", cell[0], cell[1], document)
    yield from _numbers(numbers, document, find)


def _is_even(column: Sequence[_Place]) -> bool:
    """Whether the lines of a column have the same distance, as those of a table have."""
    tops = [region.box[1] for _, _, region in column]
    steps = [lower - upper for upper, lower in pairwise(tops)]
    return len(steps) > 1 and max(steps) <= _SAME_STEP * min(steps)


def _has_digits(text: str) -> bool:
    return len(text) <= _LONGEST_VALUE and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS


def _numbers(
    numbers: Sequence[tuple[str, _Place]], document: Document, find: Find
) -> Iterator[PiiMatch]:
    """What is found if each label stands before its value."""
    parts: list[str] = []
    offsets: list[tuple[int, int, int]] = []
    length = 0
    for label, (start, end, _) in numbers:
        first = length + len(label) + 2
        offsets.append((first, first + end - start, start))
        parts.append(f"{label}: {document.text[start:end]}\n")
        length += len(parts[-1])
    matches = find("".join(parts)) if parts else ()
    for match in matches:
        for first, last, start in offsets:
            if match.type in _NUMBERS and first <= match.start and match.end <= last:
                moved = start - first
                yield _match(match.type, match.start + moved, match.end + moved, document)


def _cells(places: Sequence[_Place], at: int, labels: dict[int, _Label]) -> Iterator[_Place]:
    """The cells below the label at `at`, in its column, down to the next label or a larger gap."""
    last = column = places[at][2].box
    for index in range(at + 1, len(places)):
        box = places[index][2].box
        if box[1] > last[1] + last[3] + _CELL_APART * max(last[3], box[3]):
            return
        if not _is_below(last, box) or not (_in_column(column, box) or _in_column(last, box)):
            continue
        if index in labels or places[index][2].text.rstrip().endswith(":"):
            return
        yield places[index]
        last = box


def _is_below(upper: Box, lower: Box) -> bool:
    return lower[1] >= upper[1] + 0.5 * upper[3]


def _in_column(upper: Box, lower: Box) -> bool:
    """Whether the two have an edge or the center in common, and are above each other."""
    shared = min(upper[0] + upper[2], lower[0] + lower[2]) - max(upper[0], lower[0])
    return shared > 0 and _aligned(upper, lower, max(upper[3], lower[3]))


def _label(text: str) -> _Label | None:
    """What a line calls if it is nothing but a label, also one in two languages."""
    text = _ASIDE.sub("", text).strip(" :*.")
    if not 2 <= len(text) <= _LONGEST_LABEL or len(text.split()) > _MOST_WORDS:
        return None
    number, field, name = _patterns()
    for part in (part.strip() for part in text.split("/")):
        for pattern, label in (
            (number, _Label(is_number=True, is_field=False)),
            (field, _Label(is_number=False, is_field=True)),
            (name, _Label(is_number=False, is_field=False)),
        ):
            if pattern.fullmatch(part):
                return label
    return None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Labels of numbers, of parts of a name, and of a name."""
    behind = any_of("phone", "between", "number")
    phone = rf"(?:{any_of('phone')})(?:[ .-]{{1,2}}(?:{behind})\.?){{0,2}}"
    number = rf"(?:{any_of('birth', 'passport')}|{any_called(schemes())})"
    number += rf"(?:[ .-]{{1,2}}(?:{any_of('number')})\.?)?"
    return (
        re.compile(rf"{phone}|{number}", re.IGNORECASE),
        re.compile(rf"(?:{any_of('name_field')})s?", re.IGNORECASE),
        re.compile(any_of("name_alone", "name_word", "name_owner"), re.IGNORECASE),
    )


def _is_labeled_name(text: str, of_field: bool, beside_field: bool, least: float = _LIKELY) -> bool:
    """Whether a cell below a label of a name is one. One word must stand below a part of a name, or
    in a form or a table that has such a label too ("Name", "Vorname"), and be as likely as
    `least`."""
    text = text.strip(" .,;")
    words = text.replace(",", " ").split()
    if not 0 < len(words) <= _MOST_WORDS or any(map(str.isdigit, text)):
        return False
    if not all(word[0].isupper() or word.lower() in _PARTICLES for word in words):
        return False
    if any(word.lower() in _OTHERS and not is_given(word) for word in words):
        return False
    if is_famous(text) or is_famous_turned(text):
        return False
    if not all(_WORD.fullmatch(word) or len(word.strip(".")) == 1 for word in words):
        return False
    surname, comma, given = text.partition(", ")
    if comma:
        return looks_like_name(f"{given.split()[0]} {surname}", 2.0)
    if of_field or (beside_field and len(words) == 1):
        likely = [is_given(word) or max(likeness(word)) > least for word in words]
        return len(text) >= _SHORTEST and (all if len(words) == _OF_TWO else any)(likely)
    if len(words) == 1:
        return False
    if len(words[-1].strip(".")) == 1:  # Fitzwilliam H.
        return likeness(words[0]).surname > _SURE_SURNAME
    turned = is_given(words[-1]) and not is_word_too(words[-1]) and not is_given(words[0])
    return looks_like_name(text) or (turned and likeness(words[0]).surname > _SURE_SURNAME)


def _match(kind: str, start: int, end: int, document: Document) -> PiiMatch:
    return PiiMatch(kind, start, end, document.text[start:end], "patterns", 0.5)
