"""How often a picture with Latin text that a person can read fails with `text_unread`.

    python -m benchmarks.validators.privacy_blur [--each 12]

Draws lines of text in seven languages, with several fonts and sizes, on white, dark, gradient and
photographic backgrounds. Each picture is blurred by a Gaussian whose sigma is a share of the height
of the font, and saved as JPEG of quality 85. A person reads the text easily up to a share of 0.08,
with some effort at 0.12, and hardly at 0.2. Prints a Markdown table of the pictures that fail, by
blur and size. Takes about three minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.validators.pictures.renders import fonts, render
from engines.privacy.config import TextConfig
from engines.privacy.text import is_text, is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

TEXTS = (
    "Meeting room 4",
    "EMERGENCY EXIT",
    "Fresh bread every day",
    "Bitte Tür schließen",
    "Öffnungszeiten",
    "Sortie de secours",
    "Café de la Gare",
    "Salida de emergencia",
    "Mañana cerrado",
    "Uscita di sicurezza",
    "Verboden toegang",
    "Wyjście ewakuacyjne",
)
SIZES_PX = (14, 18, 24, 40)
BLURS = (0.0, 0.05, 0.08, 0.12, 0.2)
"""Sigma of the blur, as a share of the height of the font."""
READABLE = 0.08
GROUNDS = ("white", "dark", "gradient", "photo")
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Case:
    text: str
    size_px: int
    blur: float
    pixels: Pixels


def cases(each: int, seed: int = 0) -> Iterator[Case]:
    """Yields `each` pictures for every size and blur."""
    rng = np.random.default_rng(seed)
    known = [font for font in fonts() if font.endswith(".ttf")]
    for (size, blur), index in product(product(SIZES_PX, BLURS), range(each)):
        text = TEXTS[index % len(TEXTS)]
        ground, font = str(rng.choice(GROUNDS)), known[int(rng.integers(len(known)))]
        drawn = render(text, size, 0, ground, font, rng).pixels
        yield Case(text, size, blur, spoiled(drawn, blur * size))


def spoiled(pixels: Pixels, sigma_px: float) -> Pixels:
    """The picture blurred, then encoded and decoded as JPEG."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), sigma_px) if sigma_px else pixels
    jpeg = cv2.imencode(".jpg", blurred, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


@dataclass(slots=True)
class Seen:
    """Counts of the results of pictures."""

    pictures: int = 0
    failed: int = 0
    """Pictures with a line that counts as unread."""
    text: int = 0
    """Pictures in which text was found, read or not."""

    def add(self, failed: bool, text: bool) -> None:
        self.pictures += 1
        self.failed += failed
        self.text += text

    def __str__(self) -> str:
        return f"{self.failed} of {self.pictures}"


class Look:
    """Looks for text and unread text in a picture, with the real reader."""

    def __init__(self, config: TextConfig) -> None:
        self._config = config
        self._reader = RapidOcrReader(config, threads=1)

    def __call__(self, pixels: Pixels) -> tuple[bool, bool]:
        """Whether a line counts as unread, and whether there is text."""
        lines, side = self._reader.read(pixels), max(pixels.shape[:2])
        unread = any(is_unread(line, side, self._config) for line in lines)
        return unread, unread or any(is_text(line, self._config) for line in lines)


def measured(each: int, look: Look) -> dict[tuple[int, float], Seen]:
    """(Size of the font in px, blur) to the results."""
    table = {key: Seen() for key in product(SIZES_PX, BLURS)}
    for case in cases(each):
        table[case.size_px, case.blur].add(*look(case.pixels))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--each", type=int, default=12, help="number of pictures for every size and blur"
    )
    cv2.setNumThreads(1)
    table = measured(parser.parse_args().each, Look(TextConfig()))
    print(f"| height of the font | {' | '.join(f'blur {blur:g}' for blur in BLURS)} |")
    print("|---" * (len(BLURS) + 1) + "|")
    for size in SIZES_PX:
        print(f"| {size} px | {' | '.join(str(table[size, blur]) for blur in BLURS)} |")
    easy = [seen for (_, blur), seen in table.items() if blur <= READABLE]
    failed, count = sum(seen.failed for seen in easy), sum(seen.pictures for seen in easy)
    print(f"\nreadable pictures (blur up to {READABLE:g}) that fail: {failed} of {count}")
    print(f"text found in {sum(seen.text for seen in easy)} of them")


if __name__ == "__main__":
    main()
