"""What neighboring pixels have in common: equal ones, steps between others, rows out of place."""

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
"""Quantile of a picture's lines to the ratios between which they begin to stand out, and surely do;
columns through the letters of a screen reach 2.1 and 4."""
_ACTIVE_LEVELS = 24  # range of gray levels from which a tile shows something


class Neighbors(NamedTuple):
    """Of all pixels and the next ones; see `engines.metrics.defects.defects.Defects`."""

    transitions: float
    step: float
    equal: float
    vector: bool


def neighbors(channels: Sequence[Gray], gray: Gray) -> Neighbors:
    """Of a picture's color planes and their luma, at least 32 pixels a side."""
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
    """By how much rows differ more from their next ones than columns do, or columns more than rows,
    or either than those of a ramp would; less what they would at twice the distance. -1..1, and
    nothing above 0 where few lines stand out of both of their neighbors: strokes of letters differ
    more from one side to the other, too."""
    rows, columns = next_to_second(gray), next_to_second_column(gray)
    by = max(rows, columns) - max(min(rows, columns), _OF_A_RAMP)
    if by <= 0:
        return by
    return by * _stand_out(gray if rows > columns else cv2.transpose(gray))


def _stand_out(lines: Gray) -> float:
    """Whether some rows, a few by much or more by less, differ from both of their neighbors more
    than those differ from each other: 0 none, 1 surely."""
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
    """Mean difference to the next row over that to the second next: rows out of place make them
    alike."""
    return _difference(gray[1:], gray[:-1]) / (_difference(gray[2:], gray[:-2]) + 0.1)


def next_to_second_column(gray: Gray) -> float:
    """The same of columns."""
    step = _difference(gray[:, 1:], gray[:, :-1])
    return step / (_difference(gray[:, 2:], gray[:, :-2]) + 0.1)


def _difference(one: Gray, other: Gray) -> float:
    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def _apart(pairs: Sequence[tuple[Gray, Gray]]) -> Gray:
    """The greatest difference in any channel."""
    first, *others = (cv2.absdiff(one, other) for one, other in pairs)
    for plane in others:
        cv2.max(first, plane, first)
    return np.asarray(first)


def _equal(across: Gray, down: Gray, gray: Gray) -> float:
    """The smaller median of both directions, over the tiles that show something."""
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
    """1 where `apart` is 0; at the size of `gray`, 0 where there is no neighbor."""
    plane = np.zeros_like(gray)
    height, width = apart.shape
    cv2.threshold(apart, 0, 1, cv2.THRESH_BINARY_INV, plane[:height, :width])
    return plane
