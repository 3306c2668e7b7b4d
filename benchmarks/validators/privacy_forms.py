"""How often text is found that is mirrored, stacked, very small or of low contrast.

    python -m benchmarks.validators.privacy_forms [--each 24]

Each picture shows one line of a fixed list on a plain or photographic background, with one of
several fonts. Prints a Markdown table: in how many pictures text is found (`text_detected`), and in
how many every letter is read correctly. Takes about two minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.validators.pictures.renders import SIDE_PX, fonts, render
from engines.privacy.config import TextConfig
from engines.privacy.text import document_of, is_text, is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

TEXTS = ("Meeting room 4", "EMERGENCY EXIT", "Fresh bread", "Jane Miller", "Sortie de secours")
GROUNDS = ("white", "dark", "gradient", "photo")
SIZE_PX = 32
SMALL_PX = (6, 8, 10, 12, 14)
CONTRASTS = (96, 48, 24, 16, 12, 8, 6)
"""Gray levels between the letters and the background."""
PHOTO_PX, PHOTO_CONTRASTS = (8, 10, 12), (96, 48, 24)
Draw = Callable[[str, str, str], "Pixels"]
"""Draws a picture from text, background and font."""


def upright(text: str, ground: str, font: str, size_px: int = SIZE_PX) -> Pixels:
    return np.asarray(render(text, size_px, 0, ground, font).pixels, np.uint8)


def mirrored(text: str, ground: str, font: str) -> Pixels:
    """The text mirrored from left to right."""
    return np.ascontiguousarray(upright(text, ground, font)[:, ::-1])


def upside_down(text: str, ground: str, font: str) -> Pixels:
    return np.ascontiguousarray(upright(text, ground, font)[::-1, ::-1])


def stacked(text: str, ground: str, font: str) -> Pixels:
    """One letter below the other, as on a vertical sign."""
    letters = [letter for letter in text if letter != " "][:12]
    page = upright(" ", ground, font)
    step = SIDE_PX // (len(letters) + 1)
    for place, letter in enumerate(letters):
        one = upright(letter, ground, font)
        middle, half = SIDE_PX // 2, step // 2
        top = half + place * step
        page[top : top + step] = one[middle - half : middle - half + step]
    return page


def faint(text: str, ground: str, font: str, levels: int) -> Pixels:
    """Letters that differ by `levels` gray levels from a plain background, with a little noise."""
    drawn = upright(text, "white" if ground in ("white", "gradient") else "dark", font)
    low, high = int(drawn.min()), int(drawn.max())
    share = (drawn.astype(np.float32) - low) / max(1, high - low)
    noise = np.random.default_rng(len(text)).normal(0, 1, drawn.shape)
    return np.asarray(np.clip(128 + (share - 0.5) * levels + noise, 0, 255), np.uint8)


def on_photo(text: str, ground: str, font: str, size_px: int, levels: int) -> Pixels:
    """Letters on a photograph with texture, lighter than it by `levels` gray levels, or darker
    where `ground` is light."""
    with_text = upright(text, "dark", font, size_px).astype(np.float32)
    share = (with_text - with_text.min()) / max(1.0, float(np.ptp(with_text)))
    sign = -1 if ground in ("white", "gradient") else 1
    page = upright(" ", "photo", font).astype(np.float32)
    mean = (page * share).sum() / max(1.0, float(share.sum()))
    return np.asarray(
        np.clip(page * (1 - share) + (mean + sign * levels) * share, 0, 255), np.uint8
    )


def faded(text: str, ground: str, font: str, toward: int, share: float) -> Pixels:
    """Letters on a photograph, of whose distance from the level `toward` (0: black, 255: white) a
    share is left."""
    page = on_photo(text, ground, font, SIZE_PX, 96).astype(np.float32)
    return np.asarray(np.rint(toward + (page - toward) * share), np.uint8)


FORMS: Mapping[str, Draw] = {
    f"upright, {SIZE_PX} px": upright,
    "mirrored": mirrored,
    "upside down": upside_down,
    "stacked, letter below letter": stacked,
    **{f"{size} px high": partial(upright, size_px=size) for size in SMALL_PX},
    **{f"contrast of {level} of 255": partial(faint, levels=level) for level in CONTRASTS},
    **{
        f"{size} px high, on a photograph, 128 levels apart": partial(
            on_photo, size_px=size, levels=128
        )
        for size in PHOTO_PX
    },
    **{
        f"{SIZE_PX} px high, on a photograph, {level} levels apart": partial(
            on_photo, size_px=SIZE_PX, levels=level
        )
        for level in PHOTO_CONTRASTS
    },
    **{
        f"{SIZE_PX} px high, on a photograph, {share} of its contrast left, toward {name}": partial(
            faded, toward=toward, share=share
        )
        for toward, name in ((0, "black"), (245, "white"))
        for share in (0.15, 0.04)
    },
}
"""Form to the function that draws it."""


@dataclass(slots=True)
class Found:
    """Counts of the pictures of one form."""

    pictures: int = 0
    detected: int = 0
    read: int = 0

    def add(self, detected: bool, read: bool) -> None:
        self.pictures += 1
        self.detected += detected
        self.read += read


class Look:
    """Finds and reads the text in a picture, with the real reader."""

    def __init__(self, config: TextConfig) -> None:
        self._config = config
        self._reader = RapidOcrReader(config, threads=1)

    def __call__(self, pixels: Pixels) -> tuple[bool, str]:
        """`text_detected` as in the validator's report, and the text that was read."""
        lines, side = self._reader.read(pixels), max(pixels.shape[:2])
        some = any(
            is_text(line, self._config) or is_unread(line, side, self._config) for line in lines
        )
        return some, document_of(lines).text


def pictures(draw: Draw, each: int, seed: int = 0) -> Iterator[tuple[str, Pixels]]:
    """Text and picture of each. Equal seeds give equal pictures."""
    rng = np.random.default_rng(seed)
    known = fonts()
    for index in range(each):
        text, ground = TEXTS[index % len(TEXTS)], GROUNDS[index % len(GROUNDS)]
        yield text, draw(text, ground, known[int(rng.integers(len(known)))])


def measured(each: int, look: Callable[[Pixels], tuple[bool, str]]) -> Mapping[str, Found]:
    """Form to the results."""
    table = {form: Found() for form in FORMS}
    for form, draw in FORMS.items():
        for text, pixels in pictures(draw, each):
            detected, read = look(pixels)
            table[form].add(detected, _letters(read) == _letters(text))
    return table


def report(table: Mapping[str, Found]) -> str:
    lines = ["| text | found | read exactly |", "|---|---|---|"]
    for form, found in table.items():
        count = found.pictures
        lines.append(f"| {form} | {found.detected} of {count} | {found.read} of {count} |")
    return "\n".join(lines)


def _letters(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=24, help="number of pictures of every form")
    cv2.setNumThreads(1)
    print(report(measured(parser.parse_args().each, Look(TextConfig()))))


if __name__ == "__main__":
    main()
