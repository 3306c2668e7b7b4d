"""Photographs, noise, and profiles of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from engines.images import ImageLimits, decode
from engines.profiles import ProfileBuilder

if TYPE_CHECKING:
    from engines.types import Pixels


PHOTOS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "grass.png",
    "gravel.png",
    "rocket.jpg",
)


def photo(name: str) -> Pixels:
    import skimage.data

    content = Path(skimage.data.__file__).with_name(name).read_bytes()
    return decode(content, ImageLimits()).pixels


def built(*pictures: Pixels) -> ProfileBuilder:
    builder = ProfileBuilder()
    for picture in pictures:
        builder.add(picture)
    return builder


def noise(seed: int, tint: tuple[int, int, int] = (0, 0, 0)) -> Pixels:
    draw = np.random.default_rng(seed).integers(0, 200, (48, 64, 3))
    return cast("Pixels", np.clip(draw + np.array(tint), 0, 255).astype(np.uint8))
