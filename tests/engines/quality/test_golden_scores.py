"""Scores that must stay: a faster way to the same numbers may move them by a rounding only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data

from engines.images import ImageLimits, decode
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
    from collections.abc import Mapping

    from engines.types import Pixels

SPOILED = ("motion blur", "color noise", "WebP", "posterized, bits", "shifted rows", "moire")
GOLDEN: Mapping[str, tuple[str, float, float]] = {
    "photo": ("auto:photo", 0.946, 0.969),
    "large photo": ("auto:photo", 0.836, 0.893),
    "product": ("auto:product", 0.981, 0.965),
    "thin photo": ("auto:photo", 0.815, 0.905),
    "motion blur": ("auto:photo", 0.591, 0.667),
    "color noise": ("auto:photo", 0.445, 0.299),
    "WebP": ("auto:photo", 0.143, 0.789),
    "posterized, bits": ("auto:photo", 0.004, 0.612),
    "shifted rows": ("auto:photo", 0.189, 0.349),
    "moire": ("auto:photo", 0.423, 0.499),
    "gradient": ("auto:photo", 1.000, 0.936),
    "line_drawing": ("auto:illustration", 1.000, 0.907),
    "pixel_art": ("auto:graphic", 1.000, 0.937),
    "slide": ("auto:illustration", 0.954, 0.899),
    "starry_sky": ("auto:product", 0.797, 0.895),
    "drawing": ("auto:illustration", 0.988, 0.800),
}
"""Name to thresholds, score of the formula alone, and score with the learned head; write them anew
when a formula or the head changes, and say why."""


@cache
def pictures() -> Mapping[str, Pixels]:
    path = Path(skimage.data.__file__).parent / "coffee.png"
    photo = decode(path.read_bytes(), ImageLimits()).pixels
    many = np.tile(photo, (3, 3, 1))
    made = {"photo": photo, "large photo": many, "product": product(photo, 255, 512)}
    made["thin photo"] = np.ascontiguousarray(photo[100:180])
    for name in SPOILED:
        spoil, levels = GROSS[name]
        made[name] = spoil(photo, levels[2])
    drawn = (gradient, line_drawing, pixel_art, slide, starry_sky, drawing)
    return {**made, **{draw.__name__: draw(3, 512) for draw in drawn}}


@pytest.mark.parametrize("name", pictures())
@pytest.mark.parametrize("head", [False, True])
def test_scores_stay(name: str, head: bool) -> None:
    found = judge(pictures()[name], QualityConfig(head=head))
    thresholds, *scores = GOLDEN[name]
    assert found.thresholds == thresholds
    assert found.score == pytest.approx(scores[head], abs=0.005)
