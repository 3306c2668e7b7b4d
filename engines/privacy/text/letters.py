"""Judges whether a region that could not be read has the look of letters.

A detector of text also finds fences, lit windows, books, bricks, ridges and grass. Where nothing
could be read, a small network (four layers, 37,000 weights, fitted by `training.letters`) looks at
the region itself, both ways up. It is run with numpy alone: 1 to 2 ms for a region.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

HEIGHT_PX = 32
"""Every line is scaled to this height."""
_LEAST_PX, _MOST_PX = 48, 512
"""Shortest and longest length of a scaled line, px. A shorter one is repeated mirrored, and of a
longer one the middle is used."""
_CUT_PX = 64
_UPRIGHT = 1.5
"""Ratio of height to width from which a region is read turned, as RapidOCR does."""
_FLAT = 4.0
"""Least standard deviation of gray (0..255) by which a line is divided, so that faint noise stays
faint."""
_LEAST_SHARE = 1e-6
_USUAL_CERTAINTY, _FOR_CERTAINTY = 0.66, 10.0
"""Certainty of the detector that changes nothing, and the log odds for each 1 more. Chosen on
photographs and on drawn text: of regions that are no text half have less than 0.58, of text in
scripts that are not read 2 % have."""
SHIPPED = Path(__file__).parents[1] / "data" / "letters.npz"


def normalized(line: Pixels) -> NDArray[np.float32]:
    """Gray, scaled to 32 px of height, with mean 0 and standard deviation 1. `line`: RGB uint8
    (height, width, 3), at least 1 x 1 px. Float32 (32, 48..512)."""
    gray = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    width = max(1, round(gray.shape[1] * HEIGHT_PX / gray.shape[0]))
    small = cv2.resize(gray, (min(width, 4 * _MOST_PX), HEIGHT_PX), interpolation=cv2.INTER_AREA)
    start = max(0, (small.shape[1] - _MOST_PX) // 2)
    part = small[:, start : start + _MOST_PX].astype(np.float32)
    part = (part - part.mean()) / max(_FLAT, float(part.std()))
    short = max(0, _LEAST_PX - part.shape[1])
    return np.asarray(np.pad(part, ((0, 0), (0, short)), mode="symmetric"), np.float32)


def line_of(pixels: Pixels, quad: NDArray[np.float32]) -> Pixels:
    """The part of a picture in `quad`, turned so that its longer side is horizontal: RGB uint8
    (height, width, 3) with at most 64 px of height. `pixels`: RGB uint8; `quad`: corners, float32
    (4, 2) in px, clockwise from the upper left."""
    across = max(1.0, float(np.linalg.norm(quad[0] - quad[1])))
    down = max(1.0, float(np.linalg.norm(quad[0] - quad[3])))
    size = round(across), round(down)
    target = np.asarray([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), target)
    border, smooth = cv2.BORDER_REPLICATE, cv2.INTER_CUBIC
    line = cv2.warpPerspective(pixels, matrix, size, borderMode=border, flags=smooth)
    line = np.rot90(line) if size[1] >= _UPRIGHT * size[0] else line
    scale = min(1.0, _CUT_PX / line.shape[0])
    width = max(1, round(line.shape[1] * scale)), max(1, round(line.shape[0] * scale))
    return np.asarray(cv2.resize(line, width, interpolation=cv2.INTER_AREA), np.uint8)


def letters_likeness(line: Pixels) -> float:
    """How much a line looks like letters of any script, 0..1: the mean of the log odds of the line
    and of the same line upside down. `line`: RGB uint8 (height, width, 3), cut from the picture so
    that its length is along the width."""
    seen = normalized(line)
    odds = (_odds(seen) + _odds(seen[::-1, ::-1])) / 2
    return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def with_certainty(likeness: float, certainty: float) -> float:
    """The likeness to letters, 0..1, of a region whose look alone has `likeness`, 0..1, and of
    which the detector is as sure as `certainty`, 0..1. The two are mistaken about different things,
    so a change of certainty is added to the log odds."""
    share = min(max(likeness, _LEAST_SHARE), 1 - _LEAST_SHARE)
    odds = np.log(share / (1 - share)) + _FOR_CERTAINTY * (certainty - _USUAL_CERTAINTY)
    return float(1 / (1 + np.exp(-odds)))


def _odds(line: NDArray[np.float32]) -> float:
    """The network's answer, as log odds. `line`: float32 (32, width), normalized."""
    weights = _weights()
    seen: Any = line[None]
    for name, stride in (("first", 2), ("second", 2), ("third", 2)):
        reach = weights[f"{name}.weight"].shape[-1] // 2
        seen = _layer(seen, weights, name, stride, (reach, reach))
    seen = _layer(seen, weights, "along", 1, (0, 2))[:, 0]
    pooled = np.concatenate([seen.mean(1), seen.max(1)])
    return float(weights["last.weight"][0] @ pooled + weights["last.bias"][0])


def _layer(seen: Any, weights: dict[str, Any], name: str, stride: int, pad: tuple[int, int]) -> Any:
    """A convolution and ReLU. `seen`: float32 (channels, height, width)."""
    kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    padded = np.pad(seen, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    rows, columns = windows.shape[1:3]
    flat = windows.transpose(0, 3, 4, 1, 2).reshape(-1, rows * columns)
    result = kernel.reshape(len(kernel), -1) @ flat + bias[:, None]
    return np.maximum(result, 0).reshape(len(kernel), rows, columns)


@cache
def _weights() -> dict[str, Any]:
    with np.load(SHIPPED, allow_pickle=False) as packed:
        return {name: packed[name].astype(np.float32) for name in packed.files}
