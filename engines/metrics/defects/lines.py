"""Statistics of whole rows and columns: lost, repeated or displaced lines, and stripes.

Defects of a transfer or a sensor run from one side of a picture to the other. The objects that a
picture shows seldom do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.runs import longest_run, runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Line = NDArray[np.floating]

NUMBERS = 16
"""How many numbers describe the rows; as many describe the columns."""
_SEEN_PX = 192
_EQUAL, _VARIED, _FLAT = 0.5, 4.0, 1.0  # gray levels
_ABRUPT = 8.0  # smallest step, gray levels, between pixels of adjacent rows that counts as steep
_EDGES = (0, 1, 3, 7, 15)  # which of the edges are reported, the sharpest first
_LEAST, _LEAST_SHARE = 0.05, 0.003  # added before a logarithm
_SMOOTH_PX = 15
_LAGS_PX = (3, 80)
_SLOW_PX = 20.0
_PERIODS_PX = (2.5, 64.0)


def line_numbers(luma: Plane) -> list[float]:
    """`NUMBERS` numbers for the rows, then as many for the columns, of a plane (height, width),
    float32, 0 to 255, with at least 64 pixels a side.

    All are natural logarithms, except where a range is given. In order, for rows:

    - share of the rows in the longest run of equal rows that are not of one gray: a repeated line
    - share of the rows in the longest run of rows of one gray: first at either end of the picture,
      then elsewhere
    - the most prominent edges between two rows: the first, second, fourth, eighth and sixteenth.
      The value of an edge is the mean difference of its two rows, divided by that of rows nearby,
      times the share of columns where the difference is steep
    - the largest autocorrelation, -1 to 1, of the differences between rows, for lags of 3 to 80
      rows
    - of the rows' mean levels without slow changes: the power of the strongest period of 2.5 to 64
      rows divided by the median power; and its amplitude in gray levels
    - share of the rows that differ strongly from both neighbors
    - of the rows of one gray at the ends of the picture: their share at the end that has fewer; the
      level of the longer run, -1 (black) to 1 (white), 0 if there is none; and the mean difference
      in gray levels between it and the row beside it
    - how similar the rows before and behind the longest run of one gray within the picture are:
      their correlation, -1 to 1, 0 if there is no such run
    """
    return [*_of_rows(luma), *_of_rows(np.ascontiguousarray(luma.T))]


def _of_rows(plane: Plane) -> list[float]:
    seen = np.ascontiguousarray(plane[:, :: max(1, plane.shape[1] // _SEEN_PX)])
    apart = np.asarray(cv2.absdiff(seen[1:], seen[:-1]))
    beside, means = _means(apart), _means(seen)
    spread = np.sqrt(np.maximum(_means(np.asarray(cv2.multiply(seen, seen))) - means**2, 0))
    height = len(plane)
    repeated = longest_run((beside < _EQUAL) & (spread[1:] > _VARIED))
    flat = spread < _FLAT
    above = height if flat.all() else int(flat.argmin())
    below = height if flat.all() else int(flat[::-1].argmin())
    inner = [(above + start, above + end) for start, end in runs(flat[above : height - below])]
    first, behind = max(inner, key=lambda run: run[1] - run[0], default=(0, 0))
    edges = _edges(apart, beside)
    shares = (repeated / height, max(above, below) / height, (behind - first) / height)
    return [
        *(math.log(share + _LEAST_SHARE) for share in shares),
        *(math.log(value + _LEAST) for value in edges),
        _repetition(beside),
        *_stripes(plane),
        math.log(_standing_out(seen, beside) + _LEAST_SHARE),
        math.log(min(above, below) / height + _LEAST_SHARE),
        *_end(means, beside, above, below),
        _across(seen[first - 1], seen[behind]) if inner else 0.0,
    ]


def _end(means: Line, beside: Line, above: int, below: int) -> tuple[float, float]:
    """Level of the longer run at an end, and the logarithm of the step to the row beside it."""
    height = len(means)
    if max(above, below) in (0, height):
        level = means[0] / 127.5 - 1 if above == height else 0.0
        return float(level), math.log(_LEAST)
    first, step = (0, above - 1) if above >= below else (height - 1, height - below - 1)
    return float(means[first] / 127.5 - 1), math.log(float(beside[step]) + _LEAST)


def _across(above: Line, below: Line) -> float:
    """Correlation of two rows, -1 to 1."""
    one, other = above - above.mean(), below - below.mean()
    powers = float((one * one).sum() * (other * other).sum())
    return float((one * other).sum()) / math.sqrt(powers) if powers > 0 else 0.0


def _edges(apart: Plane, beside: Line) -> list[float]:
    nearby = (beside[:-4] + beside[4:]) / 2
    steep = (apart[2:-2] > _ABRUPT).mean(axis=1)
    sharpest = np.sort(beside[2:-2] / (nearby + 1) * steep)[::-1]
    return [float(sharpest[min(nth, len(sharpest) - 1)]) for nth in _EDGES]


def _repetition(beside: Line) -> float:
    logs = np.log(beside + _EQUAL).astype(np.float32)[None]
    rest = (logs - cv2.blur(logs, (_SMOOTH_PX, 1))).ravel()
    power = np.abs(np.fft.rfft(rest, 2 * len(rest))) ** 2
    product = np.fft.irfft(power)[: len(rest)]
    least, most = _LAGS_PX
    return float(product[least : min(most, len(rest) // 2)].max() / (product[0] + _LEAST))


def _stripes(plane: Plane) -> tuple[float, float]:
    means = _means(plane)[None]
    rest = (means - cv2.GaussianBlur(means, (0, 0), _SLOW_PX)).ravel()
    window = np.hanning(len(rest))
    heights = 2 * np.abs(np.fft.rfft(rest * window)) / window.sum()
    least, most = _PERIODS_PX
    told = heights[int(len(rest) / most) : int(len(rest) / least)]
    highest = float(told.max())
    return 2 * math.log((highest + _LEAST) / (float(np.median(told)) + _LEAST)), math.log(
        highest + _LEAST
    )


def _standing_out(seen: Plane, beside: Line) -> float:
    """Share of rows that differ from both neighbors much more than these differ from each other."""
    across = _means(np.asarray(cv2.absdiff(seen[2:], seen[:-2])))
    return float((np.minimum(beside[:-1], beside[1:]) > 2 * across + _VARIED).mean())


def _means(plane: Plane) -> NDArray[np.float64]:
    """Mean of each row, shape (height,)."""
    return np.asarray(cv2.reduce(plane, 1, cv2.REDUCE_AVG, dtype=cv2.CV_64F)).ravel()
