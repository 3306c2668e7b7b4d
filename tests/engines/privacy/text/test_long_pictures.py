"""Long pictures: parts that cover them, margins for slender ones, each line once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.validators.pictures.renders import render
from engines.privacy.config import TextConfig
from engines.privacy.model import TextRegion
from engines.privacy.text.long_pictures import parts_of, with_margins, without_doubles
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

SIZES = [(12_000, 1_080), (300, 9_000), (16_384, 1), (1, 16_384), (2_000, 10), (31, 100)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_parts_of_a_long_picture_cover_it_and_overlap(height: int, width: int) -> None:
    parts = parts_of(height, width)
    along = 1 if height > width else 0
    assert 2 <= len(parts) <= 8
    assert parts[0][along] == 0
    assert parts[-1][along] + parts[-1][along + 2] == max(height, width)
    for part, following in pairwise(parts):
        assert part[along] < following[along] <= part[along] + part[along + 2]
    assert {part[3 - along] for part in parts} == {min(height, width)}


@pytest.mark.parametrize(("height", "width"), [(512, 512), (300, 100), (1, 1), (640, 480)])
def test_a_picture_that_is_not_long_has_no_parts(height: int, width: int) -> None:
    assert parts_of(height, width) == []


@pytest.mark.parametrize(("height", "width"), [(400, 1), (1, 400), (960, 5), (7, 960)])
def test_margins_keep_the_sides_of_a_slender_picture_within_four_to_one(
    height: int, width: int
) -> None:
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    bordered, (x, y) = with_margins(pixels)
    assert max(bordered.shape[:2]) <= 4.2 * min(bordered.shape[:2])
    assert (bordered[y : y + height, x : x + width] == 255).all()
    assert int(bordered.sum()) == int(pixels.sum())


def test_a_picture_of_usual_sides_gets_no_margins() -> None:
    pixels = np.zeros((400, 100, 3), dtype=np.uint8)
    assert with_margins(pixels)[0] is pixels


def test_of_lines_on_each_other_the_one_that_was_read_best_stays() -> None:
    whole = TextRegion((10, 100, 400, 40), "jane.doe@example.com", 0.95, 40.0)
    cut = TextRegion((10, 100, 180, 40), "jane.doe", 0.99, 40.0)
    above = TextRegion((10, 20, 100, 40), "Hello", 0.9, 40.0)
    assert without_doubles([cut, whole, above]) == (above, whole)


@pytest.mark.slow
@pytest.mark.parametrize("upright", [True, False])
def test_text_of_a_long_picture_is_read_where_it_stands(
    rapidocr: RapidOcrReader, upright: bool
) -> None:
    """As in a screenshot of a whole chat: at the size that a reader takes, the letters of the whole
    picture are two pixels high."""
    drawn = render("jane.doe@example.com", 24).pixels
    canvas = np.full((512, 8_192, 3), 255, dtype=np.uint8)
    if upright:
        canvas = np.ascontiguousarray(canvas.transpose(1, 0, 2))
    corner = (5_000, 0) if upright else (0, 5_000)
    canvas[corner[0] : corner[0] + 512, corner[1] : corner[1] + 512] = drawn
    (line,) = rapidocr.read(canvas)
    assert line.text == "jane.doe@example.com"
    ink = np.argwhere(canvas.min(axis=2) < 128)
    top, left = ink.min(axis=0)
    assert line.box[0] == pytest.approx(left, abs=14)
    assert line.box[1] == pytest.approx(top, abs=14)


@dataclass
class Recorder:
    """An engine that reads nothing and remembers what it was shown."""

    shapes: list[tuple[int, ...]] = field(default_factory=list)
    boxes: None = None
    txts: None = None

    def look(
        self, bgr: Pixels, allowance: object, least_height_px: float, original: object
    ) -> Recorder:
        self.shapes.append(bgr.shape)
        return self


@pytest.mark.parametrize(("height", "width"), [*SIZES, (1, 400), (400, 1), (1, 1)])
def test_no_engine_is_shown_a_slender_picture(height: int, width: int) -> None:
    """RapidOCR scales the short side up to 736 px: a file of 200 bytes must not cost gigabytes."""
    engine = Recorder()
    reader = RapidOcrReader(TextConfig(), threads=1, make_engine=lambda threads: engine)
    assert reader.read(np.full((height, width, 3), 200, dtype=np.uint8)) == ()
    assert engine.shapes
    for shape in engine.shapes:
        assert max(shape[:2]) <= 4.2 * min(shape[:2])
        assert max(shape[:2]) <= 960
