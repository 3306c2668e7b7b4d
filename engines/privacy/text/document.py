"""Joins the lines that OCR found to one text, and maps parts of the text back to the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.privacy.model import Box, PiiMatch, TextRegion

_FEWEST_DIFFERENT = 2  # different characters: windows and bricks are often read as "0000"
_SAME_ROW = 0.5
_SAME_WORD = 0.15
"""Largest vertical distance of two regions in one row, and largest gap within a word, both as a
share of the smaller height."""
_SAME_LETTER = 0.35
"""Overlap from which two boxes may both contain a letter, as a share of the smaller height."""
ZERO_WIDTH = "\u200b"


@dataclass(frozen=True, slots=True)
class Document:
    """The text of an image, in reading order."""

    text: str = field(repr=False)
    """The texts of all regions. Those of one row are joined by a space, rows by a line break."""
    spans: tuple[tuple[int, int, TextRegion], ...]
    """Start and end of each region in `text`, and the region."""
    seams: tuple[int, ...] = ()
    """Positions in `text` of spaces between regions that are so close that they may be parts of one
    word. Mostly they are two words, since a detector's boxes are larger than the letters."""

    @property
    def tight(self) -> str:
        """`text` with a zero-width space instead of the space at each seam, so that what was cut in
        two is one word. Positions are those of `text`."""
        parts = list(self.text)
        for seam in self.seams:
            parts[seam] = ZERO_WIDTH
        return "".join(parts)

    def box_of(self, match: PiiMatch) -> Box:
        """The smallest box that contains every region with a part of `match`."""
        return union([region.box for region in self._touched(match)])

    def confidence_of(self, match: PiiMatch) -> float:
        """Confidence of a match, 0..1: the lowest confidence of its regions, multiplied by
        `match.confidence`."""
        weakest = min(region.confidence for region in self._touched(match))
        return round(weakest * match.confidence, 3)

    def is_in_code(self, match: PiiMatch) -> bool:
        """Whether the whole match is in machine-readable codes."""
        return all(region.is_code for region in self._touched(match))

    def _touched(self, match: PiiMatch) -> list[TextRegion]:
        return [
            region for start, end, region in self.spans if start < match.end and match.start < end
        ]


def document_of(regions: Sequence[TextRegion]) -> Document:
    """The document of `regions`, which must be ordered from top to bottom. Each row is read from
    left to right. The content of a code is a row of its own."""
    parts: list[str] = []
    spans: list[tuple[int, int, TextRegion]] = []
    seams: list[int] = []
    position = 0
    for row in _rows(regions):
        texts = _without_repeated(row)
        for index, region in enumerate(row):
            if parts:
                if index and _touch(row[index - 1].box, region.box):
                    seams.append(position)
                parts.append(" " if index else "\n")
                position += 1
            parts.append(texts[index])
            spans.append((position, position + len(texts[index]), region))
            position += len(texts[index])
    return Document("".join(parts), tuple(spans), tuple(seams))


def is_text(region: TextRegion, config: TextConfig) -> bool:
    """Whether a line counts as text by the thresholds of `config`. Patterns that resemble letters
    do not, nor do doubtful readings of a region that does not look like letters."""
    if region.likeness < config.least_likeness:
        return False
    shown = [character for character in region.text.lower() if character.isalnum()]
    characters = len(shown)
    if region.height_px < config.min_height_px or len(set(shown)) < _FEWEST_DIFFERENT:
        return False
    if characters >= config.min_characters and region.confidence >= config.confidence:
        return True
    return characters >= config.short_characters and region.confidence >= config.short_confidence


def is_unread(region: TextRegion, long_side_px: int, config: TextConfig) -> bool:
    """Whether a region was left out, or has the shape of a line of text and looks like letters, but
    was not read reliably. Text in another script is read as nothing, or as Latin letters with a low
    confidence. A fence or a row of windows has the shape of a line, but not the look of letters. A
    short word has to look more like letters, since a window or a flower can have its shape.
    `long_side_px`: long side of the image."""
    if region.is_left_out:
        return True
    highest = config.unread_max_height * long_side_px
    read = any(map(str.isalnum, region.text)) and region.confidence >= config.read_confidence
    return (
        not read
        and region.likeness >= config.least_likeness
        and config.unread_min_height_px <= region.height_px <= highest
        and region.length_px >= _least_aspect(region, config) * region.height_px
    )


def _least_aspect(region: TextRegion, config: TextConfig) -> float:
    """Smallest ratio of length to height of an unread line. A short region counts if nothing at all
    was read in it, and if the look of letters is judged."""
    judged = config.least_likeness > 0 and not region.text
    short = judged and region.likeness >= config.short_likeness
    return min(config.unread_aspect, config.short_unread_aspect) if short else config.unread_aspect


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box that contains all `boxes`."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return (left, top, right - left, bottom - top)


def _rows(regions: Sequence[TextRegion]) -> list[list[TextRegion]]:
    rows: list[list[TextRegion]] = []
    for region in regions:
        apart = region.is_code or not rows or rows[-1][-1].is_code
        if not apart and _same_row(rows[-1][-1].box, region.box):
            rows[-1].append(region)
        else:
            rows.append([region])
    return [sorted(row, key=lambda region: region.box[0]) for row in rows]


def _same_row(left: Box, right: Box) -> bool:
    centers = abs((left[1] + left[3] / 2) - (right[1] + right[3] / 2))
    apart = right[0] >= left[0] + left[2] / 2 or left[0] >= right[0] + right[2] / 2
    return apart and centers < _SAME_ROW * min(left[3], right[3])


def _touch(left: Box, right: Box) -> bool:
    """Whether two regions of a row may be parts of one word: the gap between them is small, or
    their boxes overlap by up to their height. If they overlap by more, they are two readings of the
    same word, cut in one of them."""
    gap, lower = right[0] - (left[0] + left[2]), min(left[3], right[3])
    return -lower <= gap < _SAME_WORD * lower


def _without_repeated(row: Sequence[TextRegion]) -> list[str]:
    """The texts of a row, without letters that two overlapping boxes contain: "Mr", "r John";
    "Carmen E", "Etxeberria"."""
    texts = [region.text for region in row]
    for at, (left, right) in enumerate(pairwise(row)):
        overlap = left.box[0] + left.box[2] - right.box[0]
        before, behind = texts[at], texts[at + 1]
        if overlap <= _SAME_LETTER * min(left.box[3], right.box[3]) or not behind[:1].isalpha():
            continue
        if before.endswith(f" {behind[0]}"):
            texts[at] = before[:-2]
        elif before.endswith(behind[0]) and behind[1:2] == " ":
            texts[at + 1] = behind[2:]
    return texts
