"""Finds pictures inside a picture: what is within a border, on a page, or in a collage.

A sharp straight border, or the letters of a caption, would hide that the picture itself is blurred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from engines.metrics.gray import Gray
    from engines.types import Pixels

_WORKING_PX = 256  # long side of the copy in which pictures on a page are found
_LIKE = 12  # a pixel within so many levels of the color of a border belongs to it
_LINE = 0.97  # smallest share of a row or column that has one color, if a band begins there
_WRITTEN = 0.35  # the same for the further lines of a band, which may have letters
_LIKE_LINE = 6  # levels within which the pixels of a band have one color
_SAMPLES, _SAMPLED = 16, 0.9  # pixels of a row that are looked at first, and share of one color
_MOST_BANDS = 24
_FIRST_STEP, _MOST_ROWS = 4, 256  # rows of a band that are compared at once
_RING = 0.6  # share of the margin that has one color, if the picture is a page
_INSETS, _INSIDE = (0.02, 0.04, 0.06, 0.08, 0.1), 0.05  # shares that rounded corners take
_CORNER_PX, _CORNERS = 4, 0.6  # side of a corner, and the share of it that is cut off at least
_EDGE, _ENDS = 3, 0.9  # rows within which a band begins and ends, and its share of one color there
_OPENED = 0.12  # narrower parts of a page, as a share of its long side, are no pictures
_FILLED = 0.93  # smallest share of its bounding box that a picture fills
_SMALLEST = 0.18  # smallest share of the whole that counts as a picture in it
_SMALLEST_PX = 64
_MOST, _MOST_BORDERS = 4, 3
_CUT_PX = 2  # pixels of the working copy that are left out at each edge of a picture on a page


class _Box(NamedTuple):
    top: int
    bottom: int
    left: int
    right: int

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def side(self) -> int:
        """The shorter side."""
        return min(self.bottom - self.top, self.right - self.left)

    def moved(self, down: int, right: int) -> _Box:
        return _Box(self.top + down, self.bottom + down, self.left + right, self.right + right)

    def of(self, pixels: Pixels) -> Pixels:
        return pixels[self.top : self.bottom, self.left : self.right]


def framed(pixels: Pixels) -> Iterator[Pixels]:
    """Yields the pictures inside RGB `pixels`, uint8 (height, width, 3), the largest first, at most
    four; none if it is not framed. They are contiguous copies, each at least 18 % of the whole and
    64 pixels high and wide.

    A picture is a rectangle whose edges differ from what surrounds it: between bands of one color
    (a border, a caption, the gaps of a collage), or on a page of one color.
    """
    whole = _Box(0, pixels.shape[0], 0, pixels.shape[1])
    if whole.side < _SMALLEST_PX:
        return
    found, boxes = {whole}, [whole]
    for _ in range(_MOST_BORDERS):  # one inside the other
        parts = [part for box in boxes for part in _apart(pixels, box)]
        boxes = [part for part in parts if part not in found]
        found.update(boxes)
    found.update(_without_corners(pixels, box) for box in found - {whole} or {whole})
    for box in [*found]:
        found.update(each.moved(box.top, box.left) for each in _on_page(box.of(pixels)))
    least = _SMALLEST * whole.area
    large = [box for box in found if box.area >= least and box.side >= _SMALLEST_PX]
    large = [box for box in large if box != whole and not _is_cut_in_part(pixels, box)]
    large.sort(key=lambda box: (-box.area, box))
    for box in large[:_MOST]:  # one copy at a time, as each may be nearly as large as the picture
        yield np.ascontiguousarray(box.of(pixels))


def _is_cut_in_part(pixels: Pixels, box: _Box) -> bool:
    """Whether a line of the outer border is left at an edge of `box`: a dark photograph in a black
    border cannot be told from it there, and would be taken for one of which a part is missing."""
    part = box.of(pixels)
    lines = (part[0], part[-1], part[:, 0], part[:, -1])
    return any(_share(line, pixels[0, 0]) >= _LINE for line in lines)


def _without_corners(pixels: Pixels, box: _Box) -> _Box:
    """The middle of `box`, if its four corners are rounded off; otherwise `box`."""
    part = box.of(pixels)
    ends = slice(0, _CORNER_PX), slice(-_CORNER_PX, None)
    corners = np.stack([part[down, across].reshape(-1, 3) for down in ends for across in ends])
    if (_shares(corners, part[0, 0]) < _CORNERS).any():
        return box
    for inset in _INSETS:
        down, across = round(inset * part.shape[0]), round(inset * part.shape[1])
        inner = _Box(down, part.shape[0] - down, across, part.shape[1] - across)
        corners = inner.of(part)[[0, 0, -1, -1], [0, -1, 0, -1]]
        if _shares(corners[None], part[0, 0])[0] == 0:
            own = _shares(_ring(inner.of(part))[None], part[0, 0])[0]
            return inner.moved(box.top, box.left) if own <= _INSIDE else box
    return box


def _apart(pixels: Pixels, box: _Box) -> Iterator[_Box]:
    """The parts of `box` between bands of one color: first of rows, then of columns."""
    part = box.of(pixels)
    for top, bottom in _between_bands(part):
        turned = part[top:bottom].transpose(1, 0, 2)
        for left, right in _between_bands(turned):
            yield _Box(top, bottom, left, right).moved(box.top, box.left)


def _between_bands(pixels: Pixels) -> list[tuple[int, int]]:
    """First and last row (exclusive) of each part between bands of rows that have one color, but
    for letters. A band whose color goes on beside it, such as a sky or the ground of a product, is
    none.
    """
    height, width = pixels.shape[:2]
    sampled = pixels[:, :: max(1, width // _SAMPLES)]
    colors = sampled[:, _SAMPLES // 2]
    apart = np.abs(sampled.astype(np.int16) - colors[:, None]).max(axis=2)
    plain = np.flatnonzero((apart <= _LIKE_LINE).mean(axis=1) >= _SAMPLED).tolist()
    parts, start, row, bands = list[tuple[int, int]](), 0, 0, 0
    for first in plain:
        if first < row or _share(pixels[first], colors[first]) < _LINE:
            continue
        bands += 1
        if bands > _MOST_BANDS:  # a gradient, or a drawing
            return [(0, height)]
        row = _end_of_band(pixels, first, colors[first])
        outside = [pixels[line] for line in (first - _EDGE, row) if 0 <= line < height]
        last = max(_shares(pixels[max(first, row - _EDGE) : row], colors[first]), default=0.0)
        if last >= _ENDS and all(_share(line, colors[first]) < _WRITTEN for line in outside):
            parts.append((start, first))
            start = row
    parts.append((start, height))
    return [(first, last) for first, last in parts if last - first >= _SMALLEST_PX] or [(0, height)]


def _end_of_band(pixels: Pixels, row: int, color: Pixels) -> int:
    """The first row behind `row` that has less of the color than a line of letters has."""
    height, step = len(pixels), _FIRST_STEP
    while row < height:
        others = np.flatnonzero(_shares(pixels[row : row + step], color) < _WRITTEN)
        if len(others):
            return row + int(others[0])
        row, step = row + step, min(2 * step, _MOST_ROWS)
    return height


def _on_page(pixels: Pixels) -> Iterator[_Box]:
    """Rectangles of several colors on a page of one color."""
    height, width = pixels.shape[:2]
    shrink = max(1.0, max(height, width) / _WORKING_PX)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if shrink > 1 else pixels
    ring = _ring(small)
    color = np.median(ring, axis=0).astype(np.uint8)
    if cv2.countNonZero(_near(ring[None], color)) < _RING * len(ring):
        return
    shown = cv2.bitwise_not(_near(small, color))
    closed = cv2.morphologyEx(shown, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    side = max(3, round(_OPENED * max(small.shape[:2])))
    solid = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    for left, top, wide, high, area in stats[1:count]:
        if area < _FILLED * wide * high or area > _FILLED * solid.size:
            continue
        tall, broad = height / small.shape[0], width / small.shape[1]
        cut = _CUT_PX if shrink > 1 else 0
        yield _Box(
            round((top + cut) * tall) if top else 0,
            round((top + high - cut) * tall) if top + high < small.shape[0] else height,
            round((left + cut) * broad) if left else 0,
            round((left + wide - cut) * broad) if left + wide < small.shape[1] else width,
        )


def _ring(pixels: Pixels) -> Pixels:
    """The pixels of the outermost rows and columns, uint8 (n, 3)."""
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return np.concatenate(sides)


def _near(pixels: Pixels, color: Pixels, levels: int = _LIKE) -> Gray:
    """255 where every channel differs from `color` by at most `levels`, else 0."""
    least, most = color.astype(int) - levels, color.astype(int) + levels
    near = cv2.inRange(np.ascontiguousarray(pixels), least.clip(0, 255), most.clip(0, 255))
    return np.asarray(near)


def _shares(pixels: Pixels, color: Pixels) -> NDArray[np.float32]:
    """For each row, the share of its pixels that are like the color."""
    return np.asarray(_near(pixels, color, _LIKE_LINE).mean(axis=1) / 255, np.float32)


def _share(line: Pixels, color: Pixels) -> float:
    return float(_shares(line[None], color)[0])
