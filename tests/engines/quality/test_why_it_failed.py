"""What is named as the reason is what a person would say who looks at the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engines.quality import QualityConfig
from engines.quality.advice import ADVICE, weakest
from engines.quality.head import Opinion
from engines.quality.judging import Judgement, judge
from engines.quality.score import Factors
from engines.types import Weakness
from training.quality.pictures.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels

PASSES = 0.5
COLORS = {
    "black": (0, 0, 0),
    "nearly black": (1, 1, 2),
    "gray": (128, 128, 128),
    "white": (255, 255, 255),
    "nearly white": (254, 254, 254),
    "red": (255, 0, 0),
    "blue": (20, 40, 200),
}
_BLURRED = {"sharpness", "detail", "motion", "smear"}
_DARK, _FLAT = {"darkness", "tonal_range"}, {"tonal_range", "information"}
ACCEPTED: Mapping[str, set[str]] = {
    "white noise": {"noise", "grain"},
    "under-exposed": _DARK,
    "low contrast": _FLAT,
    "salt and pepper": {"noise"},
    "defocus": _BLURRED,
    "motion blur": _BLURRED,
    "color noise": {"color_noise"},
    "grain": {"grain", "noise"},
    "JPEG": {"blockiness", "grid"},
    "WebP": {"smear", "blockiness"},
    "JPEG 2000": {"smear", "detail"},
    "blocking": {"grid", "blockiness", "enlarging"},
    "posterized, bits": {"banding"},
    "over-exposed": {"clipping", "brightness", "plateau"},
    "dead rows": {"rows"},
    "shifted rows": {"rows"},
    "stripes": {"pattern"},
    "moire": {"pattern"},
    "nearest enlarging": {"enlarging", "grid"},
    "cubic enlarging": {*_BLURRED, "enlarging"},
    "mosaic": {"grid", "enlarging"},
    "halos": {"halos"},
    "gray end": {"missing"},
    "wrong blocks": {"grid", "blockiness"},
    "blank": _FLAT,
    "cast, warm": {"cast"},
    "cast, cold": {"cast"},
    "cast, green": {"cast"},
    "tint": {"cast"},
}
"""Family of defects to the factors that a person would accept as the reason."""


def reason(pixels: Pixels) -> Weakness:
    found = judge(np.ascontiguousarray(pixels), QualityConfig())
    assert found.score < PASSES
    return weakest(found, PASSES)


def at_most(pixels: Pixels, side_px: int = 512) -> Pixels:
    scale = min(1.0, side_px / max(pixels.shape[:2]))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def moved(pixels: Pixels, channel: int, down: int, right: int) -> Pixels:
    apart = pixels.copy()
    apart[..., channel] = np.roll(pixels[..., channel], (down, right), (0, 1))
    return apart


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("shape", [(256, 256), (64, 900)])
def test_of_a_picture_of_one_color_it_is_said_that_it_shows_nothing(
    color: str, shape: tuple[int, int]
) -> None:
    pixels = np.full((*shape, 3), COLORS[color], np.uint8)
    for config in (QualityConfig(), QualityConfig(head=False), QualityConfig(defects=False)):
        found = weakest(judge(pixels, config), PASSES)
        assert (found.factor, found.value) == ("information", 0)
        assert "next to nothing" in found.advice


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("away", [(6, 3), (0, 9), (-12, 7)])
def test_displaced_color_channels_are_named(
    channel: int, away: tuple[int, int], photos: Mapping[str, Pixels]
) -> None:
    for photo in ("astronaut", "coffee"):
        found = reason(moved(at_most(photos[photo]), channel, *away))
        assert found.factor == "channels"
        assert "color channels" in found.advice
        assert found.value < found.threshold <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_worst_of_each_defect_is_called_by_its_name(
    family: str, photos: Mapping[str, Pixels]
) -> None:
    spoil, levels = FAMILIES[family]
    named = {photo: reason(spoil(at_most(photos[photo]), levels[-1])) for photo in photos}
    wrong = {photo: found.factor for photo, found in named.items()}
    assert set(wrong.values()) <= ACCEPTED[family], wrong
    assert all(found.value < found.threshold <= 1 for found in named.values())


def test_what_the_head_is_sure_of_is_named_though_the_formula_sees_nothing() -> None:
    factors = Factors(**{**dict.fromkeys(Factors.names(), 1.0), "detail": 0.9})
    judged = Judgement(0.1, factors, "auto:photo", (), Opinion(-3.0, {"color noise": 1.0}))
    found = weakest(judged, PASSES)
    assert (found.factor, found.value, found.advice) == ("color_noise", 0, ADVICE["color_noise"])
    unsure = Opinion(-3.0, {"color noise": 0.4, "moire": 0.3, "halos": 0.3})
    assert weakest(judged._replace(opinion=unsure), PASSES).factor == "detail"


def test_of_a_picture_that_the_head_takes_for_good_it_names_no_defect() -> None:
    factors = Factors(**{**dict.fromkeys(Factors.names(), 1.0), "cast": 0.03})
    judged = Judgement(0.2, factors, "auto:photo", (), Opinion(2.0, {"under-exposed": 1.0}))
    assert weakest(judged, PASSES).factor == "cast"


def test_a_defect_whose_factor_does_not_count_is_not_named() -> None:
    factors = Factors(**{**dict.fromkeys(Factors.names(), 1.0), "detail": 0.9})
    judged = Judgement(0.1, factors, "auto:graphic", ("grain",), Opinion(-3.0, {"grain": 1.0}))
    assert weakest(judged, PASSES).factor == "detail"
