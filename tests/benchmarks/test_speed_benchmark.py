"""The benchmark of the modes at a tiny size."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.speed import Candidate, candidates, made, psnr_db, row
from engines.diffusion.config import TinySource
from engines.diffusion.speed import EXACT, Shortcuts

pytestmark = pytest.mark.slow


def test_exact_comes_first_and_every_name_is_another() -> None:
    names = [each.name for each in candidates()]
    assert names[0] == "exact"
    assert len(set(names)) == len(names)


def test_each_candidate_gives_a_picture_of_each_prompt_and_its_distance() -> None:
    exact_s, exact = made(TinySource(), Candidate("exact", EXACT), 4, 64)
    other = Candidate("other", Shortcuts(deep_features_every=2))
    other_s, pictures = made(TinySource(), other, 4, 64)
    same = row("exact", exact_s, exact_s, exact, exact)
    assert same.endswith("| 1.00 | 99.0 | 99.0 | 0.000 |")
    told = row("other", other_s, exact_s, pictures, exact).split(" | ")
    assert 10 < float(told[3]) < 99
    assert float(told[4]) <= float(told[3])


@pytest.mark.parametrize(("level", "decibels"), [(0, 99.0), (255, 0.0), (1, 48.13)])
def test_psnr_is_of_the_mean_square(level: int, decibels: float) -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert psnr_db(black + np.uint8(level), black) == pytest.approx(decibels, abs=0.01)
