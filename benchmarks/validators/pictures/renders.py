"""Draws text with many fonts, sizes, rotations and backgrounds, and faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from engines.types import Pixels

SIDE_PX = 512
TEXTS = ("jane.doe@example.com", "+1 415 555 2671", "Meeting room 4", "EMERGENCY EXIT")
SIZES_PX = (12, 16, 24, 40)
TURNS_DEG = (0, 8, -15, 90, 270)
_HERSHEY = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
_HERSHEY_HEIGHT_PX = 30.0
_TTF = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf")


@dataclass(frozen=True, slots=True)
class Render:
    pixels: Pixels
    text: str
    size_px: int
    """Height of the font, px."""
    turn_deg: int
    background: str
    font: str


def renders(count: int, seed: int = 0) -> Iterator[Render]:
    """`count` images of 512 x 512 px with one line of text each. Equal seeds give equal images."""
    rng = np.random.default_rng(seed)
    backgrounds, known = ("white", "dark", "gradient", "photo"), fonts()
    for index in range(count):
        text = TEXTS[index % len(TEXTS)]
        size = int(rng.choice(SIZES_PX))
        turn = int(rng.choice(TURNS_DEG))
        background = str(rng.choice(backgrounds))
        font = known[int(rng.integers(len(known)))]
        yield render(text, size, turn, background, font, rng)


def render(
    text: str,
    size_px: int,
    turn_deg: int = 0,
    background: str = "white",
    font: str = "pil",
    rng: np.random.Generator | None = None,
) -> Render:
    """One line of `text` in the middle, in black or white, whichever has more contrast."""
    canvas = _background(background, rng or np.random.default_rng(0))
    mask = _turned(_line(text, size_px, font), turn_deg)
    height, width = mask.shape
    top, left = (SIDE_PX - height) // 2, (SIDE_PX - width) // 2
    area = canvas[top : top + height, left : left + width].astype(np.float32)
    ink = 0.0 if area.mean() > 110 else 255.0
    alpha = mask[..., None].astype(np.float32) / 255
    canvas[top : top + height, left : left + width] = area * (1 - alpha) + ink * alpha
    return Render(canvas, text, size_px, turn_deg, background, font)


def drawn_face(color: tuple[int, int, int], happy: bool) -> Pixels:
    """A smiley as in an emoji font. A face detector must not find it."""
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((96, 96, 416, 416), fill=color, outline="black", width=6)
    for x in (190, 290):
        pen.ellipse((x, 190, x + 32, 240), fill="black")
    pen.arc((170, 220, 342, 350) if happy else (170, 310, 342, 420), *_mouth(happy), "black", 10)
    return np.asarray(image, dtype=np.uint8)


def _mouth(happy: bool) -> tuple[int, int]:
    return (20, 160) if happy else (200, 340)


@cache
def fonts() -> tuple[str, ...]:
    """Pillow's own font, OpenCV's Hershey fonts, and DejaVu if matplotlib is installed."""
    return ("pil", *(f"hershey{i}" for i in range(len(_HERSHEY))), *map(str, _ttf_files()))


def _ttf_files() -> list[Path]:
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [folder / name for name in _TTF if (folder / name).is_file()]


def dejavu() -> Path:
    """The file of DejaVu Sans in matplotlib."""
    return _ttf_files()[0]


def photo_background() -> Any:
    """A photograph as RGB, uint8 (512, 512, 3)."""
    return _photo()


def _line(text: str, size_px: int, font: str) -> Any:
    """The mask of the text, uint8 (height, width): 255 is ink."""
    if font.startswith("hershey"):
        face = _HERSHEY[int(font.removeprefix("hershey"))]
        scale = size_px / _HERSHEY_HEIGHT_PX
        thick = max(1, round(1.6 * scale))
        (width, height), base = cv2.getTextSize(text, face, scale, thick)
        mask = np.zeros((height + base + 8, width + 8), dtype=np.uint8)
        cv2.putText(mask, text, (4, height + 4), face, scale, (255,), thick, cv2.LINE_AA)
        return mask[:SIDE_PX, :SIDE_PX]
    pil = ImageFont.load_default(size_px) if font == "pil" else ImageFont.truetype(font, size_px)
    left, top, right, bottom = pil.getbbox(text)
    image = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, font=pil, fill=255)
    return np.asarray(image)[:SIDE_PX, :SIDE_PX]


def _turned(mask: Any, turn_deg: int) -> Any:
    turned = Image.fromarray(mask).rotate(turn_deg, Image.Resampling.BICUBIC, expand=True)
    return np.asarray(turned)[:SIDE_PX, :SIDE_PX]


def _background(name: str, rng: np.random.Generator) -> Any:
    if name == "photo":
        return _photo().copy()
    canvas = np.full((SIDE_PX, SIDE_PX, 3), 245 if name == "white" else 30, dtype=np.uint8)
    if name == "gradient":
        ramp = np.linspace(140, 250, SIDE_PX)
        canvas[:] = (ramp[:, None] * rng.uniform(0.8, 1.0, 3)[None]).astype(np.uint8)[:, None]
    return canvas


@cache
def _photo() -> Any:
    """A cup of coffee on wood (scikit-image, CC0), or noise if scikit-image is not installed."""
    spec = find_spec("skimage")
    path = Path(spec.origin).parent / "data" / "coffee.png" if spec and spec.origin else None
    if path is None or not path.is_file():
        noise = np.random.default_rng(1).normal(150, 12, (SIDE_PX, SIDE_PX, 3))
        return noise.clip(0, 255).astype(np.uint8)
    picture = Image.open(path).convert("RGB").resize((SIDE_PX, SIDE_PX))
    return np.asarray(picture, dtype=np.uint8)
