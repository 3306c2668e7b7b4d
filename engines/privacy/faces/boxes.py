"""Geometry of face boxes: scaling, clipping, rotation, overlap."""

from __future__ import annotations

from collections.abc import Iterable

from engines.privacy.model import Box, Face


def scaled(box: Box, factor: float) -> Box:
    """The same box in an image that is `factor` times as large, rounded to pixels."""
    x, y, width, height = box
    return (round(x * factor), round(y * factor), round(width * factor), round(height * factor))


def clipped(box: Box, width: int, height: int) -> Box:
    """The part of `box` inside an image of `width` by `height` px; may be empty (0 wide)."""
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(width, box[0] + box[2]), min(height, box[1] + box[3])
    return (left, top, max(0, right - left), max(0, bottom - top))


def turned_back(box: Box, quarter_turns: int, width: int, height: int) -> Box:
    """Convert `box` from an image that was rotated counterclockwise by `quarter_turns` times 90
    degrees (as `numpy.rot90` does) to the image before the rotation, of `width` by `height` px."""
    x, y, box_width, box_height = box
    match quarter_turns % 4:
        case 1:
            return (width - y - box_height, x, box_height, box_width)
        case 2:
            return (width - x - box_width, height - y - box_height, box_width, box_height)
        case 3:
            return (y, height - x - box_width, box_height, box_width)
        case _:
            return box


def overlap(left: Box, right: Box) -> float:
    """Area of the intersection divided by the smaller area, 0..1. It is 1 if one box is inside the
    other."""
    width = min(left[0] + left[2], right[0] + right[2]) - max(left[0], right[0])
    height = min(left[1] + left[3], right[1] + right[3]) - max(left[1], right[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(1, min(left[2] * left[3], right[2] * right[3]))


def merged(faces: Iterable[Face], most_overlap: float = 0.5) -> tuple[Face, ...]:
    """The faces by falling confidence, without those that overlap a more confident one by
    `most_overlap` or more."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.confidence):
        if all(overlap(face.box, other.box) < most_overlap for other in kept):
            kept.append(face)
    return tuple(kept)
