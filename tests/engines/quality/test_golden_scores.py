"""Scores that must stay: a faster way to the same numbers may move them by a rounding only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data

from benchmarks.validators.pictures.drawings import drawing
from benchmarks.validators.pictures.gross_defects import GROSS
from benchmarks.validators.pictures.kinds import (
    gradient,
    line_drawing,
    pixel_art,
    product,
    slide,
    starry_sky,
)
from engines.images import ImageLimits, decode
from engines.quality import QualityConfig
from engines.quality.judging import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels

SPOILED = ("motion blur", "color noise", "WebP", "posterized, bits", "shifted rows", "moire")
GOLDEN: Mapping[str, tuple[str, float]] = {
    "photo": ("auto:photo", 0.946),
    "large photo": ("auto:photo", 0.837),
    "product": ("auto:product", 0.981),
    "thin photo": ("auto:photo", 0.825),
    "motion blur": ("auto:photo", 0.596),
    "color noise": ("auto:photo", 0.445),
    "WebP": ("auto:photo", 0.143),
    "posterized, bits": ("auto:photo", 0.004),
    "shifted rows": ("auto:photo", 0.189),
    "moire": ("auto:photo", 0.484),
    "gradient": ("auto:photo", 1.000),
    "line_drawing": ("auto:illustration", 1.000),
    "pixel_art": ("auto:graphic", 1.000),
    "slide": ("auto:illustration", 0.954),
    "starry_sky": ("auto:product", 0.797),
    "drawing": ("auto:illustration", 0.988),
}
"""Name to thresholds and score; write them anew when a formula changes, and say why."""


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
def test_scores_stay(name: str) -> None:
    found = judge(pictures()[name], QualityConfig())
    thresholds, score = GOLDEN[name]
    assert found.thresholds == thresholds
    assert found.score == pytest.approx(score, abs=0.005)
