"""Drawing functions. Coordinates are fractions of the width and height of the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""(height, width, 3) float32, sRGB 0..255."""
Sprite = NDArray[np.uint8]
"""(side, side, 4) uint8 RGBA, straight alpha."""
Color = tuple[float, float, float]
"""Red, green and blue, 0..255."""


def paste(image: Image, sprite: Sprite, x: float, y: float, side: float) -> None:
    """Draw a sprite into ``image``. The center (x, y) is in fractions of width and height, ``side``
    in fractions of the shorter one."""
    height, width = image.shape[:2]
    px = max(4, round(side * min(height, width)))
    small = cv2.resize(sprite, (px, px), interpolation=cv2.INTER_AREA).astype(np.float32)
    left, top = round(x * width - px / 2), round(y * height - px / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + px, width), min(top + px, height)
    part = small[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = part[..., 3:] / 255
    image[y0:y1, x0:x1] = image[y0:y1, x0:x1] * (1 - alpha) + part[..., :3] * alpha


def polygon(image: Image, points: list[tuple[float, float]], color: Color) -> None:
    """Fill a polygon with smooth edges. Points (x, y) are fractions of width and height."""
    height, width = image.shape[:2]
    scaled = np.array([(x * width * 16, y * height * 16) for x, y in points]).round()
    cv2.fillPoly(image, [scaled.astype(np.int32)], color, cv2.LINE_AA, shift=4)


def disc(image: Image, x: float, y: float, radius: float, color: Color) -> None:
    """Fill a disc; the radius is a fraction of the shorter side."""
    height, width = image.shape[:2]
    centre = (round(x * width * 16), round(y * height * 16))
    cv2.circle(image, centre, round(radius * min(height, width) * 16), color, -1, cv2.LINE_AA, 4)


def gradient(image: Image, top: float, bottom: float, stops: tuple[Color, ...]) -> None:
    """Fill the rows from ``top`` to ``bottom``, in fractions of the height, with a gradient through
    the colors of ``stops``."""
    height = image.shape[0]
    y0, y1 = round(top * height), round(bottom * height)
    where = np.linspace(0, len(stops) - 1, max(y1 - y0, 1))
    rows = np.stack(
        [np.interp(where, range(len(stops)), [s[c] for s in stops]) for c in range(3)], axis=-1
    )
    image[y0:y1] = rows[: y1 - y0, None, :]
