"""Compares neighboring pixels: how many are equal, how much others differ, and displaced rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.defects.vector import is_vector
from engines.metrics.tiles import (
    FEWEST_TILES,
    TILE_PX,
    median,
    quantiles,
    tile_counts,
    tile_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engines.metrics.gray import Gray

_OF_A_RAMP, _ROUNDING = 0.5, 0.3
_OUT_FROM = {0.95: (1.5, 2.5), 0.98: (4.0, 6.0)}
"""Quantile of the lines' ratios to two limits: above the first, displaced lines are possible, above
the second they are certain. Columns through letters on a screen reach 2.1 and 4."""
_ACTIVE_LEVELS = 24  # a tile with at least this range of gray levels is not plain


class Neighbors(NamedTuple):
    """The measured values; `engines.metrics.defects.defects.Defects` explains them."""

    transitions: float
    step: float
    equal: float
    vector: bool


def neighbors(channels: Sequence[Gray], gray: Gray) -> Neighbors:
    """Measure a picture's color planes and their luma, uint8 (height, width), with at least 32
    pixels a side."""
    across = _apart([(plane[:, 1:], plane[:, :-1]) for plane in channels])
    down = _apart([(plane[1:], plane[:-1]) for plane in channels])
    changes = cv2.countNonZero(across) + cv2.countNonZero(down)
    steps = cv2.sumElems(across)[0] + cv2.sumElems(down)[0]
    return Neighbors(
        transitions=changes / (across.size + down.size),
        step=steps / max(1, changes),
        equal=_equal(across, down, gray),
        vector=is_vector(across, down, gray, changes),
    )


def out_of_place(gray: Gray) -> float:
    """How much rows or columns of luma, uint8 (height, width), look displaced, -1 to 1; values up
    to 0 mean not at all.

    It is the larger `next_to_second` of the two directions, minus the smaller or that of a ramp.
    Positive values are reduced, down to 0, if few lines stand out from both of their neighbors:
    strokes of letters too differ more in one direction than in the other.
    """
    rows, columns = next_to_second(gray), next_to_second_column(gray)
    by = max(rows, columns) - max(min(rows, columns), _OF_A_RAMP)
    if by <= 0:
        return by
    return by * _stand_out(gray if rows > columns else cv2.transpose(gray))


def _stand_out(lines: Gray) -> float:
    """Whether some rows differ from both neighbors more than these differ from each other, a few
    rows by much or more rows by less. 0: no; 1: certainly."""
    beside = _line_differences(lines[1:], lines[:-1])
    across = _line_differences(lines[2:], lines[:-2])
    ratios = np.minimum(beside[:-1], beside[1:]) / (across + _ROUNDING)
    seen = zip(quantiles(ratios, tuple(_OUT_FROM)), _OUT_FROM.values(), strict=True)
    shares = [(ratio - least) / (surely - least) for ratio, (least, surely) in seen]
    return float(min(max(*shares, 0.0), 1.0))


def _line_differences(one: Gray, other: Gray) -> NDArray[np.float32]:
    apart = cv2.absdiff(np.ascontiguousarray(one), np.ascontiguousarray(other))
    return np.asarray(cv2.reduce(apart, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel(), np.float32)


def next_to_second(gray: Gray) -> float:
    """Mean difference between adjacent rows of luma, uint8 (height, width), divided by that between
    rows at distance 2. Displaced rows bring it close to 1."""
    return _difference(gray[1:], gray[:-1]) / (_difference(gray[2:], gray[:-2]) + 0.1)


def next_to_second_column(gray: Gray) -> float:
    """`next_to_second` for columns."""
    step = _difference(gray[:, 1:], gray[:, :-1])
    return step / (_difference(gray[:, 2:], gray[:, :-2]) + 0.1)


def _difference(one: Gray, other: Gray) -> float:
    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def _apart(pairs: Sequence[tuple[Gray, Gray]]) -> Gray:
    """For each pixel: the largest difference in any channel."""
    first, *others = (cv2.absdiff(one, other) for one, other in pairs)
    for plane in others:
        cv2.max(first, plane, first)
    return np.asarray(first)


def _equal(across: Gray, down: Gray, gray: Gray) -> float:
    """`Defects.equal`: the median over tiles that are not plain, in the direction in which it is
    smaller."""
    active = tile_ranges(gray) > _ACTIVE_LEVELS
    if active.sum() < FEWEST_TILES:
        return 0.0
    pairs = TILE_PX * (TILE_PX - 1)
    beside = tile_counts(_same(across, gray), TILE_PX - 1)[active]
    same_below = _same(down, gray)
    same_below[TILE_PX - 1 :: TILE_PX] = 0
    below = tile_counts(same_below)[active]
    return min(median(beside), median(below)) / pairs


def _same(apart: Gray, gray: Gray) -> Gray:
    """1 where `apart` is 0, in the shape of `gray`; 0 for pixels without a neighbor."""
    plane = np.zeros_like(gray)
    height, width = apart.shape
    cv2.threshold(apart, 0, 1, cv2.THRESH_BINARY_INV, plane[:height, :width])
    return plane
