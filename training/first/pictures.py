"""Compose training pictures of any size from tiles and scenes, in pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import Cache
from training.pictures import scenes
from training.pictures.brushes import Image

OBJECT_SIDE = 0.78
PLACE_TIMES = {"night": ("sky", "night"), "sky": ("sky", "day"), "space": ("space", "night")}
PLACE_LAYOUTS = 2
POSES = (
    (OBJECT_SIDE, (0.5, 0.5)),
    (0.64, (0.42, 0.54)),
    (0.64, (0.58, 0.54)),
)
"""How a single object stands in its picture: ``side`` and ``centre`` as in :meth:`Art.layer`. The
first is the plain one. Which one is drawn is left to the seed. Nothing is mirrored: after 187,000
samples the denoiser drew a drawing and its mirror image through each other; the moon, too."""


@dataclass(frozen=True)
class Layer:
    """An object alone: ``color`` is premultiplied by ``alpha``; both float32, 0..255 and 0..1."""

    color: Image
    alpha: Image

    def over(self, background: Image) -> Image:
        """Return the object over a (height, width, 3) picture or a (3,) color, 0..255."""
        return self.color + (1 - self.alpha) * background


@dataclass(frozen=True)
class Art:
    """Everything drawn by ``training.first.render``."""

    objects: NDArray[np.uint8]
    """(drawings, 400, 400, 4) RGBA in the order of ``render.variants``."""
    sprites: dict[str, NDArray[np.uint8]]

    @classmethod
    def load(cls, cache: Cache) -> "Art":
        """Read ``tiles.npz``."""
        with np.load(cache.file("tiles.npz")) as data:
            sprites = {k.split(":", 1)[1]: data[k] for k in data.files if k.startswith("sprite:")}
            return cls(objects=data["objects"], sprites=sprites)

    def layer(
        self,
        drawing: int,
        size: tuple[int, int],
        *,
        side: float = OBJECT_SIDE,
        centre: tuple[float, float] = (0.5, 0.5),
    ) -> Layer:
        """Place one drawing: ``side`` in shares of the shorter edge, ``centre`` (x, y)."""
        height, width = size
        tile = self.objects[drawing].astype(np.float32)
        tile[..., :3] *= tile[..., 3:] / 255
        px = round(side * min(size))
        small = cv2.resize(tile, (px, px), interpolation=cv2.INTER_AREA)
        canvas = np.zeros((height, width, 4), np.float32)
        top, left = round(centre[1] * height - px / 2), round(centre[0] * width - px / 2)
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + px, height), min(left + px, width)
        canvas[y0:y1, x0:x1] = small[y0 - top : y1 - top, x0 - left : x1 - left]
        return Layer(color=canvas[..., :3], alpha=canvas[..., 3:] / np.float32(255))

    def posed(self, drawing: int, size: tuple[int, int], pose: int = 0) -> Layer:
        """Place one drawing as ``POSES[pose]`` says."""
        side, centre = POSES[pose]
        return self.layer(drawing, size, side=side, centre=centre)

    def pair_layer(self, drawing: int, size: tuple[int, int], *, right: bool) -> Layer:
        """Place one drawing of two: left or right, a little under half of the picture."""
        return self.layer(drawing, size, side=0.46, centre=(0.745 if right else 0.255, 0.5))

    def scene(self, terrain: str, time: str, layout: int, size: tuple[int, int]) -> Image:
        """Draw one landscape."""
        return scenes.draw(terrain, time, layout, size, self.sprites)

    def in_place(self, drawing: int, place: str, layout: int, size: tuple[int, int]) -> Image:
        """Draw one object in one place: low and central, over a quiet layout of the scene."""
        terrain, time = PLACE_TIMES.get(place, (place, "day"))
        background = self.scene(terrain, time, layout, size)
        return self.layer(drawing, size, side=0.6, centre=(0.5, 0.62)).over(background)
