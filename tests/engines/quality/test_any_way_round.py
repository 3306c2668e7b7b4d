"""A picture that is turned or mirrored is as good as before, by each factor of the score."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import skimage.data

from engines.quality import QualityConfig
from engines.quality.judging import Judgement, judge
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
DRAWN = (gradient, line_drawing, pixel_art, slide, starry_sky, drawing)
NAMES = ("coffee", "cat", "product", *ANY_WAY, *(draw.__name__ for draw in DRAWN))
CLOSE, CLOSE_WITH_HEAD = 0.03, 0.12


@cache
def pictures() -> Mapping[str, Pixels]:
    photo = cv2.resize(skimage.data.coffee(), (512, 342), interpolation=cv2.INTER_AREA)
    cat = np.ascontiguousarray(skimage.data.chelsea())
    made = {"coffee": np.asarray(photo), "cat": cat, "product": product(cat, 255, 512)}
    for name in ANY_WAY:
        spoil, levels = GROSS[name]
        made[name] = spoil(made["coffee"], levels[2])
    return {**made, **{draw.__name__: draw(3, 512) for draw in DRAWN}}


@cache
def upright(name: str, head: bool) -> Judgement:
    """Judged once for all its turns."""
    return judge(pictures()[name], QualityConfig(head=head))


def test_every_picture_is_judged() -> None:
    assert set(NAMES) == set(pictures())


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", NAMES)
def test_each_factor_is_the_same_any_way_round(name: str, turn: str) -> None:
    found = upright(name, head=False)
    pixels = np.ascontiguousarray(TURNS[turn](pictures()[name]))
    turned = judge(pixels, QualityConfig(head=False))
    assert turned.thresholds == found.thresholds
    assert dict(turned.counted()) == pytest.approx(dict(found.counted()), abs=CLOSE)
    assert turned.score == pytest.approx(found.score, abs=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", NAMES)
def test_the_learned_head_judges_it_alike_any_way_round(name: str, turn: str) -> None:
    pixels = np.ascontiguousarray(TURNS[turn](pictures()[name]))
    turned = judge(pixels, QualityConfig(head=True)).score
    assert turned == pytest.approx(upright(name, head=True).score, abs=CLOSE_WITH_HEAD)
