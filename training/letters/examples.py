"""Collects the examples: drawn lines, busy parts of pictures, and what the detector itself cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.config import TextConfig
from engines.privacy.text.letters import line_of
from engines.privacy.text.rapidocr_engine import BoundedRapidOcr
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from training.letters.lines import Letters, aged, busy_part_of

if TYPE_CHECKING:
    from engines.privacy.model import TextRegion
    from engines.types import Pixels

Example = tuple["Pixels", int]
"""A line, RGB uint8 (height, width, 3), and 1 if it is text, else 0."""
_SURELY_READ = 0.9
_LEAST_ASPECT = 2.0
_CUT = 0.12
_PICTURE_PX = 640
_LEAST_CERTAINTY = 0.3
"""Certainty of the detector from which a region is an example of what is no text. The reader takes
those from 0.5 on; the others look much the same, and are as many again."""
_PART = (0.4, 0.75)


def drawn(
    letters: Letters, photos: Sequence[Pixels], count: int, rng: np.random.Generator
) -> Iterator[Example]:
    """`count` drawn lines of text."""
    for _ in range(count):
        yield letters.line(rng, photos), 1


def busy_parts(
    pictures: Sequence[Pixels], count: int, rng: np.random.Generator
) -> Iterator[Example]:
    """`count` parts of textless pictures."""
    for number in range(count):
        yield aged(busy_part_of(pictures[number % len(pictures)], rng), rng), 0


class EagerOcr(BoundedRapidOcr):
    """Finds more regions than the reader that is shipped."""

    def __call__(self, img_content: Any, **settings: Any) -> Any:
        return super().__call__(img_content, box_thresh=_LEAST_CERTAINTY, **settings)


def with_parts(pictures: Iterable[Pixels], rng: np.random.Generator) -> Iterator[Pixels]:
    """Each picture, and a part of it of 40 to 75 % of its sides, in which other things are as large
    as lines of text."""
    for pixels in pictures:
        yield pixels
        share = rng.uniform(*_PART)
        tall, wide = (max(1, int(share * side)) for side in pixels.shape[:2])
        top, left = (
            int(rng.integers(0, side - part + 1))
            for side, part in zip(pixels.shape[:2], (tall, wide), strict=True)
        )
        yield np.ascontiguousarray(pixels[top : top + tall, left : left + wide])


class Detected:
    """Lines as the detector cuts them, each several times, cut and blurred differently."""

    def __init__(self, rng: np.random.Generator) -> None:
        config = TextConfig(least_likeness=0.0)
        self._reader = RapidOcrReader(config, threads=1)
        self._eager = RapidOcrReader(config, threads=1, make_engine=EagerOcr)
        self._rng = rng

    def textless(self, pictures: Iterable[Pixels], times: int) -> Iterator[Example]:
        """What is found in pictures without text."""
        for pixels in pictures:
            for region in self._eager.read(pixels):
                if region.length_px >= _LEAST_ASPECT * region.height_px:
                    yield from ((part, 0) for part in self._varied(pixels, region, times))

    def read(self, pictures: Iterable[Pixels], times: int) -> Iterator[Example]:
        """What is surely read in photographs of text."""
        for pixels in pictures:
            for region in self._reader.read(pixels):
                if region.text and region.confidence > _SURELY_READ:
                    yield from ((part, 1) for part in self._varied(pixels, region, times))

    def unread(self, pictures: Iterable[Pixels], times: int) -> Iterator[Example]:
        """What is found, but not read, in photographs in which all that is found is text."""
        for pixels in pictures:
            for region in self._reader.read(pixels):
                if region.confidence <= _SURELY_READ:
                    yield from ((part, 1) for part in self._varied(pixels, region, times))

    def written(
        self, letters: Letters, grounds: Sequence[Pixels], count: int, times: int
    ) -> Iterator[Example]:
        """What is found where a line was drawn: on a picture, or on a plain ground."""
        for number in range(count):
            line, page = letters.line(self._rng, grounds), _page(grounds[number % len(grounds)])
            if number % 2:
                page[:] = line[0, 0]
            height, width = min(line.shape[0], _PICTURE_PX), min(line.shape[1], _PICTURE_PX)
            top, left = (
                int(self._rng.integers(0, _PICTURE_PX - size + 1)) for size in (height, width)
            )
            page[top : top + height, left : left + width] = line[:height, :width]
            for region in self._reader.read(page):
                x, y = (region.box[at] + region.box[at + 2] / 2 for at in (0, 1))
                inside = left <= x < left + width and top <= y < top + height
                if inside and region.length_px >= _LEAST_ASPECT * region.height_px:
                    yield from ((part, 1) for part in self._varied(page, region, times))

    def _varied(self, pixels: Pixels, region: TextRegion, times: int) -> Iterator[Pixels]:
        x, y, width, height = region.box
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        line = line_of(pixels, np.asarray(corners, np.float32))
        tall, wide = line.shape[:2]
        for _ in range(times):
            less = [int(share * tall) for share in self._rng.uniform(0, _CUT, 4)]
            part = line[less[0] : tall - less[1], less[2] : wide - less[3]]
            if min(part.shape[:2]) > 1:
                yield aged(np.ascontiguousarray(part), self._rng)


def _page(pixels: Pixels) -> Pixels:
    size = (_PICTURE_PX, _PICTURE_PX)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
