"""Joins the lines that OCR found to one text, and maps parts of the text back to the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.privacy.model import Box, PiiMatch, TextRegion

_FEWEST_DIFFERENT = 2  # different characters: windows and bricks are often read as "0000"
_SAME_ROW = 0.5
_SAME_WORD = 0.15
"""Largest vertical distance of two regions in one row, and largest gap within a word, both as a
share of the smaller height."""


@dataclass(frozen=True, slots=True)
class Document:
    """The text of an image, in reading order."""

    text: str = field(repr=False)
    """The texts of all regions. Those of one row are joined by a space, rows by a line break."""
    spans: tuple[tuple[int, int, TextRegion], ...]
    """Start and end of each region in `text`, and the region."""

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
    position = 0
    for row in _rows(regions):
        for index, region in enumerate(row):
            if parts:
                glue = _glue(row[index - 1].box, region.box) if index else "\n"
                parts.append(glue)
                position += len(glue)
            parts.append(region.text)
            spans.append((position, position + len(region.text), region))
            position += len(region.text)
    return Document("".join(parts), tuple(spans))


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
    confidence. A fence or a row of windows has the shape of a line, but not the look of letters.
    `long_side_px`: long side of the image."""
    if region.is_left_out:
        return True
    highest = config.unread_max_height * long_side_px
    read = any(map(str.isalnum, region.text)) and region.confidence >= config.read_confidence
    return (
        not read
        and region.likeness >= config.least_likeness
        and config.unread_min_height_px <= region.height_px <= highest
        and region.length_px >= config.unread_aspect * region.height_px
    )


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


def _glue(left: Box, right: Box) -> str:
    """What stands between two regions of a row: nothing if the gap is so small that they are one
    word, otherwise a space. A space too if they overlap by more than their height, because these
    are two readings of the same word, cut in one of them."""
    gap = right[0] - (left[0] + left[2])
    lower = min(left[3], right[3])
    return "" if -lower <= gap < _SAME_WORD * lower else " "
