"""What neighboring pixels have in common: equal ones, steps between others, rows out of place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.defects.vector import is_vector
from engines.metrics.tiles import FEWEST_TILES, TILE_PX, median, tile_counts, tile_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engines.metrics.gray import Gray

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
    changes = cv2.countNonZero(across)
    return Neighbors(
        transitions=changes / across.size,
        step=cv2.sumElems(across)[0] / max(1, changes),
        equal=_equal(channels, across, gray),
        vector=is_vector(across, gray, changes),
    )


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


def _equal(channels: Sequence[Gray], across: Gray, gray: Gray) -> float:
    """The smaller median of both directions, over the tiles that show something."""
    active = tile_ranges(gray) > _ACTIVE_LEVELS
    if active.sum() < FEWEST_TILES:
        return 0.0
    down = _apart([(plane[1:], plane[:-1]) for plane in channels])
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
