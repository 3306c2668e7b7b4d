"""Good pictures of further kinds, drawn after quality formula 7 was fixed: round gradients, rays, a
moon, a town at night, lights out of focus, tables, silhouettes, auroras, pencil, water colors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels


def _colors(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.integers(20, 240, (count, 3)).astype(float)


def _places(side_px: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates (y, x) of the pixels, -1..1, each (side_px, side_px)."""
    y, x = np.mgrid[:side_px, :side_px] * 2 / side_px - 1
    return y, x


def _blended(share: NDArray[np.float64], start: object, end: object) -> Pixels:
    mixed = np.asarray(start) * (1 - share[..., None]) + np.asarray(end) * share[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def round_gradient(index: int, side_px: int) -> Pixels:
    """A gradient of two colors around a point near the middle."""
    rng = np.random.default_rng(index)
    y, x = _places(side_px)
    middle = rng.uniform(-0.5, 0.5, 2)
    share = np.hypot(y - middle[0], x - middle[1])
    return _blended(share / share.max(), *_colors(rng, 2))


def rays(index: int, side_px: int) -> Pixels:
    """Wedges of two colors around the middle."""
    rng = np.random.default_rng(index)
    y, x = _places(side_px)
    turn = np.arctan2(y, x) / (2 * np.pi) * int(rng.integers(8, 24)) % 1
    return _blended((turn > 0.5).astype(float), *_colors(rng, 2))


def moon(index: int, side_px: int) -> Pixels:
    """A disk with spots in a dark sky."""
    rng = np.random.default_rng(index)
    spots = rng.normal(0, 1, (side_px, side_px)).astype(np.float32)
    rough = sum(
        np.asarray(cv2.GaussianBlur(spots, (0, 0), size)) * size for size in (1.0, 3.0, 12.0)
    )
    y, x = _places(side_px)
    disk = np.clip((rng.uniform(0.2, 0.6) - np.hypot(y, x)) * side_px / 3, 0, 1)
    sky = rng.normal(6, 1.5, (side_px, side_px))
    gray = sky * (1 - disk) + disk * (170 + 30 * rough)
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def town(index: int, side_px: int) -> Pixels:
    """Houses at night with lit windows."""
    rng, unit = np.random.default_rng(index), side_px // 64
    y, _ = _places(side_px)
    picture = _blended((y + 1) / 2, (8, 10, 30), (50, 40, 60))
    left = 0
    while left < side_px:
        wide = int(rng.integers(5, 12)) * unit
        top = side_px - int(rng.integers(15, 50)) * unit
        picture[top:, left : left + wide] = rng.integers(8, 26, 3)
        for row in range(top + unit, side_px - unit, 3 * unit):
            for column in range(left + unit, min(left + wide, side_px) - unit, 2 * unit):
                if rng.random() < 0.4:
                    light = rng.uniform(0.5, 1) * np.array((255, 220, 150))
                    picture[row : row + unit, column : column + unit] = light.astype(np.uint8)
        left += wide
    return picture


def lights(index: int, side_px: int) -> Pixels:
    """Lights out of focus, without a subject."""
    rng = np.random.default_rng(index)
    picture = np.zeros((side_px, side_px, 3), np.float32)
    for _ in range(int(rng.integers(25, 70))):
        disk = np.zeros((side_px, side_px), np.float32)
        at = tuple(int(value) for value in rng.integers(0, side_px, 2))
        cv2.circle(disk, at, int(rng.uniform(0.02, 0.08) * side_px), (1.0,), -1, cv2.LINE_AA)
        soft = np.asarray(cv2.GaussianBlur(disk, (0, 0), side_px / 300))
        picture += soft[..., None] * rng.uniform(20, 150) * rng.uniform(0.3, 1, 3)
    picture += rng.normal(12, 1.5, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def table(index: int, side_px: int) -> Pixels:
    """Numbers in cells, some of them colored."""
    rng, unit = np.random.default_rng(index), side_px // 16
    page = np.full((side_px * 3 // 4, side_px, 3), 255, np.uint8)
    for row in range(0, len(page) - unit, unit):
        for column in range(0, side_px - 2 * unit, 2 * unit):
            fill = (225, 235, 250) if row == 0 else (255, 255, 255)
            if rng.random() < 0.15:
                fill = (255, 235, 200)
            ends = (column, row), (column + 2 * unit, row + unit)
            cv2.rectangle(page, *ends, fill, -1)
            cv2.rectangle(page, *ends, (200, 200, 200), 1)
            place = column + unit // 4, row + unit * 2 // 3
            text = str(int(rng.integers(1000)))
            cv2.putText(page, text, place, 0, unit / 80, (30, 30, 30), 1, cv2.LINE_AA)
    return page


def silhouettes(index: int, side_px: int) -> Pixels:
    """Dark hills in front of an evening sky."""
    rng = np.random.default_rng(index)
    y, x = _places(side_px)
    ends = np.array((rng.integers(20, 120, 3), (250, rng.integers(120, 200), 90)))
    picture = _blended((y + 1) / 2, *ends).astype(float)
    for layer in range(4):
        waves = sum(
            np.sin(x[0] * width + rng.uniform(0, 6)) / width for width in (2.0, 5.0, 11.0, 23.0)
        )
        hill = y > -0.2 + 0.25 * layer + 0.3 * np.asarray(waves)[None]
        picture[hill] = picture[hill] * 0.25 + np.array((30, 20, 40)) * (4 - layer) / 4
    return np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8)


def aurora(index: int, side_px: int) -> Pixels:
    """Bands of light in a night sky with stars."""
    rng = np.random.default_rng(index)
    y, x = _places(side_px)
    picture = rng.normal((5, 8, 18), 1.5, (side_px, side_px, 3))
    for _ in range(3):
        bend = rng.uniform(-0.4, 0.2) + 0.25 * np.sin(x * rng.uniform(2, 5) + rng.uniform(0, 6))
        band = np.exp(-np.abs(y - bend) * np.where(y < bend, 3, 14))
        folds = 0.6 + 0.4 * np.sin(x * rng.uniform(30, 60))
        picture += (band * folds)[..., None] * np.array((40, 190, 110)) * rng.uniform(0.4, 0.9)
    for _ in range(150):
        row, column = (int(value) for value in rng.integers(1, side_px - 1, 2))
        picture[row, column] += rng.uniform(60, 200)
    return np.clip(picture, 0, 255).astype(np.uint8)


def pencil(photo: Pixels, index: int, side_px: int) -> Pixels:
    """A photograph drawn with a pencil: gray divided by its blur (color dodge)."""
    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(255 - gray, (0, 0), (4, 7, 10)[index % 3]))
    drawn = np.clip(gray * 255 / (256 - soft), 0, 255).astype(np.uint8)
    return np.repeat(drawn[..., None], 3, axis=2)


def water_colors(photo: Pixels, index: int, side_px: int) -> Pixels:
    """A photograph in the style of water colors (`cv2.stylization`, Gastal and Oliveira 2011)."""
    return np.asarray(cv2.stylization(photo, sigma_s=40, sigma_r=0.35), np.uint8)


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "round gradient": round_gradient,
    "rays": rays,
    "moon": moon,
    "town at night": town,
    "lights out of focus": lights,
    "table": table,
    "silhouettes": silhouettes,
    "aurora": aurora,
}
OF_PHOTOGRAPHS: Mapping[str, Callable[[Pixels, int, int], Pixels]] = {
    "pencil": pencil,
    "water colors": water_colors,
}
