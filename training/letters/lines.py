"""Draws and cuts examples for the judge of lines: letters of many scripts, and everything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_DRAWN_PX = (20, 60)
_MOST_LETTERS = 14
_TRIES = 6
_WITH_NEIGHBORS, _STEP = 0.35, (1.1, 1.7)
"""Share of the lines with parts of others above and below, and their distance in font sizes."""
_SHARP = 0.8
_GROUNDS = ("plain", "gradient", "photo")


class Letters:
    """Lines of random letters in the fonts of some files."""

    def __init__(self, files: Sequence[Path]) -> None:
        """`files`: TrueType and OpenType fonts. Each gives lines of its own letters."""
        known = [(path, _letters_of(path)) for path in files]
        self._fonts = [(path, letters) for path, letters in known if len(letters)]

    def line(self, rng: np.random.Generator, photos: Sequence[Pixels]) -> Pixels:
        """A line as the detector would cut it, RGB uint8 (height, width, 3): on a plain ground, a
        gradient or a part of one of `photos`, in any contrast that can be seen."""
        path, letters = self._fonts[int(rng.integers(len(self._fonts)))]
        font = ImageFont.truetype(str(path), int(rng.integers(*_DRAWN_PX)))
        text = _words(rng, letters)[: int(rng.integers(4, _MOST_LETTERS * 2))]
        left, top, right, bottom = font.getbbox(text)
        width, height = int(right - left), int(bottom - top)
        # The detector's boxes are a little larger than the letters, and sometimes cut them.
        pad = [int(share * height) for share in rng.uniform(-0.05, 0.4, 4)]
        size = max(8, width + pad[0] + pad[1]), max(8, height + pad[2] + pad[3])
        mask = Image.new("L", size)
        pen, at = ImageDraw.Draw(mask), (pad[0] - left, pad[2] - top)
        pen.text(at, text, font=font, fill=255)
        if rng.random() < _WITH_NEIGHBORS:
            step = font.size * rng.uniform(*_STEP)
            for y in (at[1] - step, at[1] + step):
                pen.text((at[0], y), _words(rng, letters), font=font, fill=255)
        turned = mask.rotate(float(rng.normal(0, 1.5)), Image.Resampling.BICUBIC)
        return _inked(np.asarray(turned, np.float32)[..., None] / 255, rng, photos)


def _words(rng: np.random.Generator, letters: NDArray[np.int64]) -> str:
    """One to three words of random letters."""
    words = (rng.choice(letters, int(rng.integers(2, 9))) for _ in range(int(rng.integers(1, 4))))
    return " ".join("".join(map(chr, word)) for word in words)


def _letters_of(path: Path) -> NDArray[np.int64]:
    with TTFont(path, fontNumber=0, lazy=True) as font:
        table = font.getBestCmap()
    return np.asarray([code for code in table if chr(code).isalpha() or chr(code).isdigit()])


def _inked(alpha: Any, rng: np.random.Generator, photos: Sequence[Pixels]) -> Pixels:
    height, width = alpha.shape[:2]
    kind = str(rng.choice(_GROUNDS))
    ground = np.empty((height, width, 3), np.float32)
    ground[:] = rng.uniform(0, 255, 3) * 0.5 + rng.uniform(0, 128)
    if kind == "gradient":
        ground += (np.linspace(-50, 50, width) * rng.choice((-1, 1)))[None, :, None]
    if kind == "photo":
        ground[:] = part_of(photos[int(rng.integers(len(photos)))], rng, width / height, height)
    apart = float(rng.choice((25, 50, 90, 150, 255)))
    mean = float((ground * alpha).sum() / max(1.0, 3 * alpha.sum()))
    ink = mean + apart * (1 if mean < rng.uniform(90, 160) else -1) + rng.uniform(-15, 15, 3)
    return aged(np.clip(ground, 0, 255) * (1 - alpha) + np.clip(ink, 0, 255) * alpha, rng)


def aged(pixels: Any, rng: np.random.Generator) -> Pixels:
    """The picture blurred, by up to 9 % of its height, and noisy. uint8, the same shape."""
    share = rng.uniform(0.005, 0.04) if rng.random() < _SHARP else rng.uniform(0.04, 0.09)
    soft = cv2.GaussianBlur(np.asarray(pixels, np.float32), (0, 0), share * pixels.shape[0])
    noisy = soft + rng.normal(0, float(rng.choice((0, 2, 5, 9))), soft.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def part_of(pixels: Pixels, rng: np.random.Generator, aspect: float, height_px: int = 48) -> Pixels:
    """A part of a picture, `aspect` times as long as high, at any scale, turned by any angle.
    uint8 (height_px, aspect * height_px, 3)."""
    tall, wide = pixels.shape[:2]
    most = min(tall, wide / aspect)
    high = float(rng.uniform(min(18, most * 0.5), most * 0.7))
    long, turn = high * aspect, float(rng.choice((0.0, rng.normal(0, 6), 90.0)))
    across, up = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    reach_x = (abs(across) * long + abs(up) * high) / 2
    reach_y = (abs(up) * long + abs(across) * high) / 2
    shrink = min(1.0, wide / 2 / reach_x, tall / 2 / reach_y) * 0.99
    long, high, reach_x, reach_y = (each * shrink for each in (long, high, reach_x, reach_y))
    x, y = rng.uniform(reach_x, wide - reach_x), rng.uniform(reach_y, tall - reach_y)
    along, down = np.array([across, up]) * long / 2, np.array([-up, across]) * high / 2
    middle = np.array([x, y])
    corners = [middle - along - down, middle + along - down, middle - along + down]
    size = max(8, round(aspect * height_px)), max(8, height_px)
    target = np.asarray([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
    matrix = cv2.getAffineTransform(np.asarray(corners, np.float32), target)
    cut = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cut, np.uint8)


def busy_part_of(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A part of a picture in the shape of a line; among a few, the one with the most contrast
    between neighbors, because a detector of text picks such parts."""
    aspect = float(rng.uniform(2.2, 9))
    parts = [part_of(pixels, rng, aspect) for _ in range(int(rng.integers(1, _TRIES)))]
    return max(parts, key=_busy)


def _busy(pixels: Pixels) -> float:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(np.diff(gray, axis=1)).mean() * np.sqrt(gray.std()))
