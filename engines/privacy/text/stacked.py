"""Joins letters that stand one below the other, as on a vertical sign or a book's spine.

The detector finds each of them as a line of its own, and one letter alone does not count as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engines.privacy.text.document import union

if TYPE_CHECKING:
    from engines.privacy.model import TextRegion

_FEWEST = 4
_FEWEST_DIFFERENT = 3
"""Regions, and different letters, from which a column is a word. Windows and bricks are often read
as a column of one letter."""
_BESIDE = 0.4
"""Largest distance of the centers of two neighbors across the column, as a share of the wider."""
_APART = 1.6
"""Largest distance of two neighbors along the column, as a share of the lower one's height."""
_ALIKE = 2.0
"""Largest ratio of the sizes of two neighbors."""
_SURE, _LEAST = 0.8, 0.5
"""Mean confidence of a word, and the least of a letter that counts."""


def with_stacked(regions: Sequence[TextRegion]) -> tuple[TextRegion, ...]:
    """The regions, ordered from top to bottom as they came, but columns of at least four letters as
    one region each. A column counts only if nothing stands beside it: numbers of rows and columns
    of tables stay as they are."""
    single = [region for region in regions if _is_letter(region)]
    result = list(regions)
    for column in _columns(single):
        word = _word(column)
        if word is None or _has_neighbors(column, regions):
            continue
        members = {id(region) for region in column}
        at = next(at for at, region in enumerate(result) if id(region) in members)
        result[at] = word
        result = [region for region in result if id(region) not in members]
    return tuple(result)


def _is_letter(region: TextRegion) -> bool:
    """Whether it may be one letter, or a few below each other that the detector joined."""
    _, _, width, height = region.box
    letters = max(1, len(region.text.strip()))
    return not region.is_left_out and (letters == 1 or height > 0.7 * letters * width)


def _columns(letters: Sequence[TextRegion]) -> list[list[TextRegion]]:
    columns: list[list[TextRegion]] = []
    for letter in sorted(letters, key=lambda region: region.box[1]):
        for column in columns:
            if _continues(column[-1], letter):
                column.append(letter)
                break
        else:
            columns.append([letter])
    return [column for column in columns if len(column) >= _FEWEST]


def _continues(upper: TextRegion, lower: TextRegion) -> bool:
    one, other = upper.box, lower.box
    wider, higher = max(one[2], other[2]), max(one[3], other[3])
    aside = abs((one[0] + one[2] / 2) - (other[0] + other[2] / 2))
    gap = other[1] - (one[1] + one[3])
    return (
        aside <= _BESIDE * wider
        and -0.5 * min(one[3], other[3]) <= gap <= _APART * min(one[3], other[3])
        and wider <= _ALIKE * min(one[2], other[2])
        and (higher <= _ALIKE * min(one[3], other[3]) or len(upper.text + lower.text) > 2)
    )


def _word(column: Sequence[TextRegion]) -> TextRegion | None:
    """One region for the letters of a column; None if they were read too poorly, or are alike."""
    read = [letter for letter in column if letter.confidence >= _LEAST and _shown(letter)]
    text = "".join(letter.text.strip() for letter in read)
    confidence = sum(letter.confidence for letter in read) / max(1, len(read))
    poor = len(read) < _FEWEST or 3 * len(read) < 2 * len(column) or confidence < _SURE
    if poor or len(set(text.lower())) < _FEWEST_DIFFERENT:
        return None
    box = union([letter.box for letter in column])
    return type(column[0])(box, text, confidence, float(box[2]), float(box[3]))


def _shown(letter: TextRegion) -> bool:
    return any(map(str.isalnum, letter.text))


def _has_neighbors(column: Sequence[TextRegion], regions: Sequence[TextRegion]) -> bool:
    members = {id(region) for region in column}
    others = [region.box for region in regions if id(region) not in members]
    beside = sum(
        any(other[1] < box[1] + box[3] and box[1] < other[1] + other[3] for other in others)
        for box in (region.box for region in column)
    )
    return 2 * beside > len(column)
