"""Joins letters that stand one below the other, as on a vertical sign or a book's spine.

The detector finds each of them as a line of its own, and one letter alone does not count as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

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
    order = {id(region): at for at, region in enumerate(regions)}
    words: dict[int, TextRegion | None] = {}
    everywhere = _Rows(regions)
    for column in _columns([region for region in regions if _is_letter(region)]):
        word = _word(column)
        if word is not None and not _has_neighbors(column, everywhere):
            words |= dict.fromkeys(map(id, column))
            words[min(map(id, column), key=order.__getitem__)] = word
    found = (words.get(id(region), region) for region in regions)
    return tuple(region for region in found if region is not None)


class _Rows:
    """The heights at which regions stand."""

    def __init__(self, regions: Sequence[TextRegion]) -> None:
        self._tops = np.sort([region.box[1] for region in regions])
        self._bottoms = np.sort([region.box[1] + region.box[3] for region in regions])

    def beside(self, region: TextRegion) -> int:
        """The number of regions of which a part is as high as a part of this one."""
        top, bottom = region.box[1], region.box[1] + region.box[3]
        ended = np.searchsorted(self._bottoms, top, "right")
        return int(np.searchsorted(self._tops, bottom, "left") - ended)


def _is_letter(region: TextRegion) -> bool:
    """Whether it may be one letter, or a few below each other that the detector joined."""
    _, _, width, height = region.box
    letters = max(1, len(region.text.strip()))
    return not region.is_left_out and (letters == 1 or height > 0.7 * letters * width)


def _columns(letters: Sequence[TextRegion]) -> list[list[TextRegion]]:
    """The columns, from top to bottom. A column ends as soon as the next letter is too far below
    its last one, so that a page full of letters takes no longer than its rows are wide."""
    found: list[list[TextRegion]] = []
    growing: list[list[TextRegion]] = []
    for letter in sorted(letters, key=lambda region: region.box[1]):
        growing = [column for column in growing if letter.box[1] <= _reach(column[-1])]
        for column in growing:
            if _continues(column[-1], letter):
                column.append(letter)
                break
        else:
            growing.append([letter])
            found.append(growing[-1])
    return [column for column in found if len(column) >= _FEWEST]


def _reach(letter: TextRegion) -> float:
    """The lowest upper edge, px, of a letter that may continue the column below this one."""
    return letter.box[1] + (1 + _APART) * letter.box[3]


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


def _has_neighbors(column: Sequence[TextRegion], everywhere: _Rows) -> bool:
    own = _Rows(column)
    beside = sum(everywhere.beside(letter) > own.beside(letter) for letter in column)
    return 2 * beside > len(column)
