"""Pictures of so few pixels that nothing of them can be judged."""

from __future__ import annotations

import numpy as np
import pytest

from engines.quality import QualityConfig
from engines.quality.advice import weakest
from engines.quality.judging import judge
from training.quality.pictures.kinds import starry_sky

SHAPES = [(1, 1), (1, 2), (2, 2), (1, 300), (300, 1), (7, 9), (31, 31), (16, 2000)]
CONFIGS = {
    "head": QualityConfig(),
    "formula": QualityConfig(head=False),
    "fast": QualityConfig(defects=False),
    "drawn": QualityConfig(profile="graphic"),
}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_they_fail_and_it_is_said_why(shape: tuple[int, int], config: str) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]]
    for gray in (np.random.default_rng(0).integers(0, 256, shape), 255 * ((x + y) % 2)):
        pixels = np.repeat(gray[..., None], 3, axis=2).astype(np.uint8)
        found = judge(pixels, CONFIGS[config])
        assert found.score < 0.05
        told = weakest(found, 0.5)
        assert told.factor == "size"
        assert "too small" in told.advice


def test_from_32_pixels_a_side_on_a_picture_is_judged_by_what_it_shows() -> None:
    pixels = starry_sky(3, 32)
    assert judge(pixels, QualityConfig()).factors.size == 1
    assert judge(np.ascontiguousarray(pixels[:31]), QualityConfig()).factors.size < 1
