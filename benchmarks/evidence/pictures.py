"""Square parts of photographs, and changes that make a copy look like a new image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage import data

from training.quality.pictures.drawings import drawing

if TYPE_CHECKING:
    from engines.types import Pixels

SIDE_PX = 144
MOST_OF_ONE = 16
PHOTOGRAPHS = (
    *("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina"),
    *("immunohistochemistry", "brick", "gravel", "camera", "moon", "coins"),
)
DRAWINGS = 40
KINDS = ("hubble_deep_field", "retina", "immunohistochemistry", "brick", "gravel", "grass")
"""Photographs that look alike everywhere. Squares of one photograph are one kind."""
KIND_PX, OF_A_KIND = 64, 32


def squares() -> list[tuple[str, Pixels]]:
    """Pairs of a source and a square of it, RGB uint8. No squares overlap. The sources are
    photographs of scikit-image (except its meadow, which repeats itself) and flat drawings."""
    found = [(name, square) for name in PHOTOGRAPHS for square in _cut(getattr(data, name)())]
    return found + [("drawing", drawing(number, 2 * SIDE_PX)) for number in range(DRAWINGS)]


def kinds(of_a_kind: int = OF_A_KIND) -> dict[str, tuple[list[Pixels], list[Pixels]]]:
    """Kind to its real and its fresh squares, `of_a_kind` each, chosen at random from the same
    squares."""
    found = {}
    for name in KINDS:
        image = getattr(data, name)()
        middle = image[400:1000, 400:1000] if name == "retina" else image
        lot = _cut(middle, KIND_PX, None)
        order = np.random.default_rng(0).permutation(len(lot))[: 2 * of_a_kind].tolist()
        found[name] = [lot[n] for n in order[::2]], [lot[n] for n in order[1::2]]
    fresh = range(1000, 1000 + of_a_kind)
    real = [drawing(number, 2 * KIND_PX) for number in range(of_a_kind)]
    return found | {"drawing": (real, [drawing(number, 2 * KIND_PX) for number in fresh])}


def _cut(image: Pixels, side: int = SIDE_PX, most: int | None = MOST_OF_ONE) -> list[Pixels]:
    rgb = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image[..., :3]
    height, width = rgb.shape[:2]
    corners = [
        (y, x) for y in range(0, height - side + 1, side) for x in range(0, width - side + 1, side)
    ]
    cut = [np.ascontiguousarray(rgb[y : y + side, x : x + side]) for y, x in corners]
    return cut[:most]


def cropped(pixels: Pixels, share: float) -> Pixels:
    """A square crop whose side is `share` of the image's side, resized to the old size. Its place
    depends on the image."""
    whole = len(pixels)
    side = int(whole * share)
    y, x = np.random.default_rng(int(pixels[0].sum())).integers(0, whole - side + 1, 2)
    return np.asarray(cv2.resize(pixels[y : y + side, x : x + side], (whole, whole)))


def turned(pixels: Pixels, degrees: float) -> Pixels:
    """The image rotated about its center and enlarged by 15 %, with reflected edges."""
    middle = len(pixels) / 2
    move = cv2.getRotationMatrix2D((middle, middle), degrees, 1.15)
    size = (len(pixels), len(pixels))
    return np.asarray(cv2.warpAffine(pixels, move, size, borderMode=cv2.BORDER_REFLECT))


def recolored(pixels: Pixels, hue: int) -> Pixels:
    """The image with its hue changed by 2 x `hue` degrees."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + hue) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """The image after JPEG compression with this quality, 0..100."""
    _, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR))[..., ::-1])


FAULTS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "copy, JPEG 70": lambda pixels: compressed(pixels, 70),
    "crop to 80 %": lambda pixels: cropped(pixels, 0.8),
    "crop to 60 %": lambda pixels: cropped(pixels, 0.6),
    "mirror": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "turn by 90": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
    "turn by 8": lambda pixels: turned(pixels, 8),
    "hue by 60": lambda pixels: recolored(pixels, 30),
    "brighter by 30 %": lambda pixels: np.clip(pixels * 1.3, 0, 255).astype(np.uint8),
    "gray": lambda pixels: np.repeat(pixels.mean(axis=2).astype(np.uint8)[..., None], 3, axis=2),
}
