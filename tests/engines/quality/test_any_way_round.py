"""A picture that is turned or mirrored is as good as before, by each factor of the score."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import skimage.data

from engines.quality import QualityConfig
from engines.quality.judging import judge
from training.quality.pictures.drawings import drawing
from training.quality.pictures.gross_defects import GROSS
from training.quality.pictures.kinds import (
    gradient,
    line_drawing,
    pixel_art,
    product,
    slide,
    starry_sky,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engines.types import Pixels

TURNS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "a quarter": np.rot90,
    "a half": lambda pixels: np.rot90(pixels, 2),
    "three quarters": lambda pixels: np.rot90(pixels, 3),
    "left and right": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "rows for columns": lambda pixels: pixels.transpose(1, 0, 2),
}
ANY_WAY = (
    *("stripes", "moire", "motion blur", "blocking", "grain", "mosaic", "over-exposed"),
    *("dead rows", "shifted rows", "gray end", "WebP", "nearest enlarging"),
)
"""Defects that may lie in any direction."""
CLOSE, CLOSE_WITH_HEAD = 0.03, 0.12


@cache
def pictures() -> Mapping[str, Pixels]:
    photo = cv2.resize(skimage.data.coffee(), (512, 342), interpolation=cv2.INTER_AREA)
    cat = np.ascontiguousarray(skimage.data.chelsea())
    made = {"coffee": np.asarray(photo), "cat": cat, "product": product(cat, 255, 512)}
    for name in ANY_WAY:
        spoil, levels = GROSS[name]
        made[name] = spoil(made["coffee"], levels[2])
    drawn = (gradient, line_drawing, pixel_art, slide, starry_sky, drawing)
    return {**made, **{draw.__name__: draw(3, 512) for draw in drawn}}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", pictures())
def test_each_factor_is_the_same_any_way_round(name: str, turn: str) -> None:
    pixels = pictures()[name]
    found = judge(pixels, QualityConfig(head=False))
    turned = judge(np.ascontiguousarray(TURNS[turn](pixels)), QualityConfig(head=False))
    assert turned.thresholds == found.thresholds
    assert dict(turned.counted()) == pytest.approx(dict(found.counted()), abs=CLOSE)
    assert turned.score == pytest.approx(found.score, abs=CLOSE)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", pictures())
def test_the_learned_head_judges_it_alike_any_way_round(name: str, turn: str) -> None:
    pixels = pictures()[name]
    turned = judge(np.ascontiguousarray(TURNS[turn](pixels)), QualityConfig()).score
    assert turned == pytest.approx(judge(pixels, QualityConfig()).score, abs=CLOSE_WITH_HEAD)
