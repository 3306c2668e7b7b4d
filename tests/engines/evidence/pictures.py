"""Different pictures with shapes, and changed copies of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels

SIDE_PX = 192


def picture(seed: int, side_px: int = SIDE_PX) -> Pixels:
    """Some dozens of colored shapes on a colored background, RGB uint8 (side, side, 3)."""
    rng = np.random.default_rng(seed)
    pixels = np.full((side_px, side_px, 3), rng.integers(0, 256, 3), dtype=np.uint8)
    for _ in range(40):
        color = [int(v) for v in rng.integers(0, 256, 3)]
        x, y, r = (int(v) for v in rng.integers(4, side_px, 3))
        if rng.random() < 0.5:
            cv2.circle(pixels, (x, y), 3 + r // 10, color, -1)
        else:
            cv2.rectangle(pixels, (x, y), (x + 5 + r // 6, y + 3 + r // 8), color, -1)
    return pixels


def cropped(pixels: Pixels, share: float = 0.75) -> Pixels:
    side = int(len(pixels) * share)
    return np.asarray(cv2.resize(pixels[5 : 5 + side, 8 : 8 + side], (SIDE_PX, SIDE_PX)))


def recolored(pixels: Pixels) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 20) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "copied": lambda pixels: pixels.copy(),
    "cropped": cropped,
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "turned": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
    "recolored": recolored,
}
