"""Parts of photographs that are good textures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels

_TRIES = 6
_SIDES_PX = 192, 576


def close_up(photo: Pixels, rng: Generator) -> Pixels:
    """A square of 192 to 576 px (less of a smaller photograph): of six at random places, the one
    that has the most detail in its plainest quarter, so that none is half sky."""
    side = min(int(rng.integers(*_SIDES_PX)), *photo.shape[:2])
    squares = []
    for _ in range(_TRIES):
        top, left = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
        squares.append(photo[top : top + side, left : left + side])
    return np.ascontiguousarray(max(squares, key=_least_detail))


def _least_detail(square: Pixels) -> float:
    luma = cv2.cvtColor(np.ascontiguousarray(square), cv2.COLOR_RGB2GRAY)
    detail = np.abs(cv2.Laplacian(luma, cv2.CV_32F))
    half = len(luma) // 2
    quarters = (detail[y, x] for y in _halves(half) for x in _halves(half))
    return min(float(quarter.mean()) for quarter in quarters)


def _halves(half: int) -> tuple[slice, slice]:
    return slice(half), slice(half, None)


def darker(texture: Pixels, rng: Generator) -> Pixels:
    """30 to 60 % of the light, as textures of dungeons and of night have."""
    return (texture * rng.uniform(0.3, 0.6)).astype(np.uint8)


def repeated(texture: Pixels, rng: Generator) -> Pixels:
    """Two by two: beside its mirror images, or (one time in three) beside itself with a seam."""
    if rng.random() < 1 / 3:
        return np.tile(texture, (2, 2, 1))
    beside = np.concatenate([texture, texture[:, ::-1]], axis=1)
    return np.ascontiguousarray(np.concatenate([beside, beside[::-1]], axis=0))
