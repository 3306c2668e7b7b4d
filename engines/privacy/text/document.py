"""Lines that OCR found, put together again as one text whose every character knows its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.privacy.model import Box, PiiMatch, TextRegion

_FEWEST_DIFFERENT = 2  # windows and bricks are read as "0000", never as a word
_SAME_ROW = 0.5
_SAME_WORD = 0.15


@dataclass(frozen=True, slots=True)
class Document:
    """`text` holds the regions in reading order: those of one row joined by a blank, rows by a
    line break. `spans` has start, end and region of each."""

    text: str = field(repr=False)
    spans: tuple[tuple[int, int, TextRegion], ...]

    def box_of(self, match: PiiMatch) -> Box:
        """The smallest box round every region that `match` touches."""
        return union([region.box for region in self._touched(match)])

    def confidence_of(self, match: PiiMatch) -> float:
        """The weakest reading behind `match`, times what the pattern itself says; 0..1."""
        weakest = min(region.confidence for region in self._touched(match))
        return round(weakest * match.confidence, 3)

    def _touched(self, match: PiiMatch) -> list[TextRegion]:
        return [
            region for start, end, region in self.spans if start < match.end and match.start < end
        ]


def document_of(regions: Sequence[TextRegion]) -> Document:
    """`regions` are ordered from top to bottom; each row is read from left to right."""
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
    """Whether a reading is text and not a pattern that looks a little like a letter."""
    shown = [character for character in region.text.lower() if character.isalnum()]
    characters = len(shown)
    if region.height_px < config.min_height_px or len(set(shown)) < _FEWEST_DIFFERENT:
        return False
    if characters >= config.min_characters and region.confidence >= config.confidence:
        return True
    return characters >= config.short_characters and region.confidence >= config.short_confidence


def is_unread(region: TextRegion, long_side_px: int, config: TextConfig) -> bool:
    """Whether it has the shape of a line and was not read, or not well enough to tell what it says:
    another script reads as nothing (a blank, however sure) or as doubtful Latin letters.
    `long_side_px`: the picture's."""
    highest = config.unread_max_height * long_side_px
    read = any(map(str.isalnum, region.text)) and region.confidence >= config.read_confidence
    return (
        not read
        and config.unread_min_height_px <= region.height_px <= highest
        and region.length_px >= config.unread_aspect * region.height_px
    )


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all boxes; pixels."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return (left, top, right - left, bottom - top)


def _rows(regions: Sequence[TextRegion]) -> list[list[TextRegion]]:
    rows: list[list[TextRegion]] = []
    for region in regions:
        if rows and _same_row(rows[-1][-1].box, region.box):
            rows[-1].append(region)
        else:
            rows.append([region])
    return [sorted(row, key=lambda region: region.box[0]) for row in rows]


def _same_row(left: Box, right: Box) -> bool:
    centers = abs((left[1] + left[3] / 2) - (right[1] + right[3] / 2))
    apart = right[0] >= left[0] + left[2] / 2 or left[0] >= right[0] + right[2] / 2
    return apart and centers < _SAME_ROW * min(left[3], right[3])


def _glue(left: Box, right: Box) -> str:
    """A word that the detector cut in two is put together again."""
    gap = right[0] - (left[0] + left[2])
    return "" if gap < _SAME_WORD * min(left[3], right[3]) else " "
