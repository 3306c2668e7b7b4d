"""A measure follows its defect level by level, and stays where it is under others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics.content import Content, content
from engines.metrics.defects.defects import Defects, defects
from training.quality.pictures import scenes
from training.quality.pictures.gross_defects import GROSS

if TYPE_CHECKING:
    from engines.types import Pixels

GROWS = {
    "JPEG": "grid",
    "blocking": "grid",
    "color noise": "color_noise",
    "grain": "grain",
    "gray end": "missing",
    "halos": "crisp",
    "moire": "pattern",
    "nearest enlarging": "equal",
    "over-exposed": "clipped",
    "shifted rows": "rows",
    "stripes": "pattern",
    "wrong blocks": "grid",
}
FALLS = {
    "WebP": "mixed",
    "JPEG 2000": "kept",
    "cubic enlarging": "fine",
    "motion blur": "directional",
    "posterized, bits": "levels",
}
STAYS = {
    "color noise": ("rows", "pattern", "grid", "missing", "directional", "levels"),
    "cast, warm": ("rows", "pattern", "grid", "missing", "equal", "levels"),
    "grain": ("rows", "grid", "missing", "color_noise", "equal"),
    "gray end": ("pattern", "color_noise", "grid", "equal", "clipped"),
    "halos": ("rows", "pattern", "grid", "missing", "equal"),
    "motion blur": ("rows", "grid", "missing", "equal", "clipped", "levels"),
    "shifted rows": ("pattern", "color_noise", "grid", "missing", "equal", "levels"),
    "stripes": ("color_noise", "grid", "missing", "equal", "levels"),
    "tint": ("rows", "pattern", "grid", "missing", "equal", "levels"),
}
CLEAN = {
    "rows": 0.06,
    "pattern": 0.15,
    "grid": 0.05,
    "missing": 0.0,
    "equal": 0.05,
    "clipped": 0.02,
    "color_noise": 1.0,
}
"""What a measure is at most where its own defect is not."""
LEAST = {"levels": 0.95, "directional": 0.85}
"""And at least."""


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(data.chelsea())


def measured(spoil: str, cat: Pixels) -> list[Defects]:
    """Of the clean picture, of one a little spoiled, more, and as badly as can be."""
    change, levels = GROSS[spoil]
    spoiled = (np.ascontiguousarray(change(cat, level)) for level in levels[::2])
    return [defects(Content(pixels)) for pixels in (cat, *spoiled)]


@pytest.mark.parametrize("spoil", GROWS)
def test_more_of_a_defect_is_more_of_its_measure(spoil: str, cat: Pixels) -> None:
    found = [getattr(each, GROWS[spoil]) for each in measured(spoil, cat)]
    assert found == sorted(found)
    assert found[-1] > found[1] >= found[0]


@pytest.mark.parametrize("spoil", FALLS)
def test_more_of_a_loss_is_less_of_what_is_kept(spoil: str, cat: Pixels) -> None:
    found = [getattr(each, FALLS[spoil]) for each in measured(spoil, cat)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.6 * found[0]


@pytest.mark.parametrize("spoil", STAYS)
def test_one_defect_is_not_taken_for_another(spoil: str, cat: Pixels) -> None:
    change, levels = GROSS[spoil]
    worst = defects(Content(np.ascontiguousarray(change(cat, levels[-1]))))
    for name in STAYS[spoil]:
        value = getattr(worst, name)
        assert value >= LEAST[name] if name in LEAST else value <= CLEAN[name], (name, value)


@pytest.mark.parametrize("share", [0.08, 0.2, 0.4])
@pytest.mark.parametrize("spoil", ["shifted rows", "dead rows"])
def test_columns_out_of_place_count_as_rows_do(spoil: str, share: float, cat: Pixels) -> None:
    torn = np.ascontiguousarray(GROSS[spoil][0](cat, share))
    sideways = np.ascontiguousarray(torn.transpose(1, 0, 2))
    found = defects(Content(torn)).rows
    assert found > (0.15 if share > 0.1 else 0.1)
    assert defects(Content(sideways)).rows == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("each", [2, 4, 8, 16])
def test_every_so_many_columns_lost_are_seen(each: int, cat: Pixels) -> None:
    lost = cat.copy()
    lost[:, ::each] = 0
    assert defects(Content(lost)).rows > 0.1


def test_letters_of_a_screen_are_no_columns_out_of_place() -> None:
    for number in range(3):
        assert defects(Content(scenes.document(number, 512))).rows < 0.05


class TestPicturesInWhichNothingIsWrong:
    def test_a_large_photograph_has_what_its_small_one_has(self, cat: Pixels) -> None:
        """Smoothness is looked at with the long side between 512 and 1024 pixels."""
        large = np.asarray(cv2.resize(cat, None, fx=5, fy=5, interpolation=cv2.INTER_LANCZOS4))
        small, found = defects(Content(cat)), defects(Content(large))
        assert found.fine > 0.7 * small.fine
        assert found.crisp == pytest.approx(small.crisp, rel=0.25)
        assert found.missing == found.filled == 0

    def test_what_lies_far_from_the_middle_is_no_defect_of_it(self, cat: Pixels) -> None:
        wide = np.asarray(cv2.resize(cat, (1200, 800), interpolation=cv2.INTER_AREA))
        spoiled = wide.copy()
        spoiled[:100] = np.random.default_rng(0).integers(0, 256, (100, 1200, 3))
        clean, found = defects(Content(wide)), defects(Content(spoiled))
        assert (found.color_noise, found.rows) == (clean.color_noise, clean.rows)

    def test_where_the_middle_is_blank_all_of_the_picture_is_looked_at(self) -> None:
        """A chart: areas of one color, larger than the part that is measured."""
        chart = np.full((800, 800, 3), 255, np.uint8)
        chart[:, :200], chart[:, 600:] = (200, 30, 30), (30, 30, 200)
        found = defects(Content(chart))
        assert found.palette == 3
        assert found.transitions > 0
        assert found.step > 100

    def test_a_wide_blank_strip_has_one_color(self) -> None:
        strip = np.full((60, 1000, 3), 200, np.uint8)
        found = defects(Content(strip))
        assert (found.transitions, found.palette, found.step) == (0, 1, 0)

    @pytest.mark.parametrize("black", [0.0, 0.1, 0.5])
    def test_the_rarer_end_of_the_scale_is_the_clipped_one(self, black: float) -> None:
        picture = np.full((100, 100, 3), 255, np.uint8)
        picture[: round(100 * black)] = 0
        assert defects(Content(picture)).clipped_ends == pytest.approx(min(black, 1 - black))

    @pytest.mark.parametrize(("level", "filled"), [(124, False), (125, True), (131, True)])
    def test_filling_is_the_gray_in_the_middle_of_the_scale(self, level: int, filled: bool) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        picture[-20:] = level
        assert defects(Content(picture)).filled is filled

    def test_a_product_is_measured_without_its_background(self, cat: Pixels) -> None:
        shop = np.full((600, 600, 3), 255, np.uint8)
        shop[150:450, 70:521] = cat
        found, own = defects(content(shop)), defects(Content(cat))
        assert found.clipped == pytest.approx(own.clipped, abs=0.01)
        assert found.pattern == pytest.approx(own.pattern, abs=0.02)


Spoiled = Callable[["Pixels"], "Pixels"]
BOTH_WAYS: dict[str, Spoiled] = {
    "mosaic": lambda cat: np.repeat(np.repeat(cat[:40, :40], 8, axis=0), 8, axis=1),
    "pixels twice as large": lambda cat: np.repeat(np.repeat(cat[:160, :160], 2, axis=0), 2, 1),
}


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_enlarged_pixels_are_counted_the_same_on_their_side(name: str, cat: Pixels) -> None:
    picture = np.ascontiguousarray(BOTH_WAYS[name](cat))
    found = defects(Content(picture))
    turned = defects(Content(np.ascontiguousarray(picture.transpose(1, 0, 2))))
    assert (turned.grid, turned.equal) == pytest.approx((found.grid, found.equal))
    assert turned.distinct == pytest.approx(found.distinct, rel=0.2)
    assert turned.grid_px == found.grid_px
