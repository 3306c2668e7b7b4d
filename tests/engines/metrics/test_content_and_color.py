"""What a picture is about, and the color that lies over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics.content import Content, clipped_share, content, is_drawn, is_pixel_art
from engines.metrics.defects.cast import Cast, cast
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.page import page

if TYPE_CHECKING:
    from engines.types import Pixels

COLORS = {"white": (255, 255, 255), "black": (0, 0, 0), "gray": (128,) * 3, "red": (200, 30, 40)}


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(data.chelsea())


def on_plain(part: Pixels, color: tuple[int, ...], side: int = 512) -> Pixels:
    """The part in the middle of a square of one color."""
    whole = np.empty((side, side, 3), np.uint8)
    whole[:] = color
    top, left = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    return whole


class TestContent:
    @pytest.mark.parametrize("name", COLORS)
    def test_what_stands_on_a_plain_background_is_cut_out(self, cat: Pixels, name: str) -> None:
        found = content(on_plain(cat[50:250, 100:300], COLORS[name]))
        assert found.on_plain
        assert found.on_neutral == (name != "red")
        assert found.pixels.shape[0] < 230
        assert found.shown is not None
        assert found.shown.shape == found.pixels.shape[:2]
        assert (found.shown > 0).mean() > 0.6

    def test_a_photograph_to_its_margin_is_its_own_content(self, cat: Pixels) -> None:
        found = content(cat)
        assert found.pixels is cat
        assert (found.shown, found.on_plain) == (None, False)

    def test_a_speck_is_no_content(self) -> None:
        plain = np.full((512, 512, 3), 200, np.uint8)
        plain[100:105, 100:105] = 0
        assert content(plain).shown is None

    def test_a_small_thing_keeps_the_whole_picture_in_view(self, cat: Pixels) -> None:
        found = content(on_plain(cat[100:140, 200:240], COLORS["white"]))
        assert found.pixels.shape == (512, 512, 3)
        assert found.on_plain

    def test_what_is_blown_out_on_black_is_judged_with_it(self) -> None:
        white = np.full((200, 200, 3), 255, np.uint8)
        assert content(on_plain(white, COLORS["black"])).shown is None

    def test_a_slide_is_a_page(self) -> None:
        slide = np.full((480, 640, 3), 255, np.uint8)
        cv2.rectangle(slide, (0, 0), (639, 200), (20, 60, 160), -1)
        cv2.rectangle(slide, (40, 280), (300, 470), (200, 90, 20), -1)
        found = page(slide).shown
        assert found is not None
        assert (found > 0).mean() == pytest.approx((slide.min(axis=2) < 253).mean())

    def test_an_over_exposed_photograph_is_no_page(self, cat: Pixels) -> None:
        blown = np.clip(cat.astype(np.float32) * 2.6, 0, 255).astype(np.uint8)
        assert page(blown).shown is None
        assert page(cat).shown is None


class TestClippedShare:
    @pytest.mark.parametrize(("color", "share"), [((255, 255, 0), 0.25), ((255, 0, 0), 0.0)])
    def test_two_channels_at_their_end_are_clipped(
        self, color: tuple[int, int, int], share: float
    ) -> None:
        picture = np.full((64, 64, 3), 90, np.uint8)
        picture[:, :16] = color
        assert clipped_share(picture, None) == pytest.approx(share)

    def test_only_the_content_counts(self) -> None:
        picture = np.full((64, 64, 3), 255, np.uint8)
        shown = np.zeros((64, 64), np.uint8)
        shown[:, :32] = 255
        picture[:, :24] = 100
        assert clipped_share(picture, shown) == pytest.approx(0.25)


class TestCast:
    def test_gray_has_none(self) -> None:
        gray = np.random.default_rng(0).integers(30, 240, (128, 128, 1), dtype=np.uint8)
        found = cast(np.repeat(gray, 3, axis=2))
        assert (found.channels, found.neutral) == pytest.approx((0.0, 0.0), abs=0.5)
        assert found.span == pytest.approx(0.8, abs=0.03)

    @pytest.mark.parametrize("channel", [0, 1, 2])
    def test_a_channel_that_lost_its_light_is_seen(self, cat: Pixels, channel: int) -> None:
        weak = cat.copy()
        weak[..., channel] = (weak[..., channel] * 0.3).astype(np.uint8)
        assert cast(weak).channels > cast(cat).channels + 0.5
        assert cast(weak).neutral > cast(cat).neutral

    def test_its_size_does_not_matter(self, cat: Pixels) -> None:
        large = np.asarray(cv2.resize(cat, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC))
        assert cast(large) == pytest.approx(cast(cat), rel=0.1, abs=0.5)

    def test_too_dark_to_tell_is_none(self) -> None:
        assert cast(np.full((64, 64, 3), 5, np.uint8)) == Cast()


class TestKinds:
    def test_pixel_art_is_a_drawing_and_a_mosaic_of_a_photograph_is_not(self, cat: Pixels) -> None:
        rng = np.random.default_rng(0)
        ink = np.array([(20, 20, 40), (220, 40, 60), (250, 210, 90), (60, 160, 90)], np.uint8)
        sprite = ink[rng.integers(0, len(ink), (40, 40))]
        art = np.repeat(np.repeat(sprite, 12, axis=0), 12, axis=1)
        small = cv2.resize(cat, (40, 40), interpolation=cv2.INTER_AREA)
        mosaic = np.repeat(np.repeat(np.asarray(small), 12, axis=0), 12, axis=1)
        assert is_pixel_art(defects(Content(np.ascontiguousarray(art))))
        assert not is_pixel_art(defects(Content(np.ascontiguousarray(mosaic))))

    def test_a_flat_drawing_is_drawn_and_a_photograph_is_not(self, cat: Pixels) -> None:
        drawing = np.full((400, 400, 3), (240, 200, 90), np.uint8)
        cv2.circle(drawing, (150, 200), 110, (180, 40, 40), -1)
        cv2.rectangle(drawing, (220, 80), (380, 330), (30, 90, 160), -1)
        assert is_drawn(defects(Content(drawing)), Content(drawing))
        assert not is_drawn(defects(Content(cat)), Content(cat))

    def test_a_picture_without_defects_is_neither(self) -> None:
        assert not is_drawn(Defects(), Content(np.zeros((9, 9, 3), np.uint8), on_plain=True))
        assert not is_pixel_art(replace(Defects(), grid=1.5, distinct=0.9))

    def test_a_picture_too_small_to_measure_has_no_defect(self) -> None:
        assert defects(Content(np.zeros((20, 300, 3), np.uint8))) == Defects()

    def test_on_a_neutral_background_nothing_has_a_cast(self, cat: Pixels) -> None:
        red = on_plain(np.full((200, 200, 3), (200, 30, 40), np.uint8), COLORS["white"])
        assert defects(content(red)).cast == Cast()
        assert defects(Content(cat)).cast == cast(cat)
