"""Convert images of any Pillow mode to upright 8-bit RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engines.images.model import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_WHITE_16_BIT = 65_535
_DEEP_RGB = "RGB;16B"
_SHALLOW_GRAY = {"L;2": 85, "L;4": 17}
"""Pillow's raw mode of a 2-bit or 4-bit gray PNG, and the factor that scales it to 8 bits."""


def has_alpha(image: Image.Image) -> bool:
    """Whether the image has an alpha channel or a transparent color."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def to_rgb(image: Image.Image) -> Pixels:
    """Decode the pixels: RGB, uint8 (height, width, 3), a new array.

    Raises `InvalidImage` for floating-point pixels, whose value range the file does not state,
    and for 32-bit integers.
    """
    if image.mode == "F":
        raise refuse("has floating-point pixels", "8 or 16 bits a channel")
    if image.mode.startswith("I"):
        return _gray_16_bit(image)
    if has_alpha(image):
        _rescale_transparent_color(image)
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        return np.array(white.convert("RGB"))
    return np.array(image.convert("RGB"))


def _rescale_transparent_color(image: Image.Image) -> None:
    """Scale the transparent color of a PNG to 8 bits, because Pillow scales only the pixels.

    Of 16-bit channels Pillow keeps the upper byte, so all colors with the same upper bytes become
    transparent.
    """
    rawmode = next((str(tile.args) for tile in getattr(image, "tile", ())), "")
    color = image.info.get("transparency")
    if rawmode == _DEEP_RGB and isinstance(color, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in color)
    elif rawmode in _SHALLOW_GRAY and isinstance(color, int):
        image.info["transparency"] = color * _SHALLOW_GRAY[rawmode]


def _gray_16_bit(image: Image.Image) -> Pixels:
    gray = np.array(image)
    if gray.min() < 0 or gray.max() > _WHITE_16_BIT:
        raise refuse("has 32-bit pixels", "8 or 16 bits a channel")
    see_through = image.info.get("transparency")
    if isinstance(see_through, int):
        gray[gray == see_through] = _WHITE_16_BIT
    eight_bit: NDArray[np.uint8] = ((gray.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.repeat(eight_bit[:, :, None], 3, axis=2)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation, 1..8 (CIPA DC-008, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
