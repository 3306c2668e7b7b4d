"""A picture taken from another one is told from one that is not."""

from __future__ import annotations

import numpy as np
import pytest

from engines.evidence.local_features import FEWEST_AGREEING, agreeing, local_points, taken_from
from tests.engines.evidence.pictures import CHANGES, picture


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_agrees_with_its_source_and_no_other(change: str) -> None:
    sources = [local_points(picture(seed)) for seed in range(4)]
    found = taken_from(CHANGES[change](picture(2)), sources)
    assert found[2][0] >= FEWEST_AGREEING
    assert max(count for at, (count, _) in enumerate(found) if at != 2) < FEWEST_AGREEING


def test_a_mirrored_picture_is_said_to_be_mirrored() -> None:
    sources = [local_points(picture(1))]
    assert taken_from(picture(1), sources)[0][1] is False
    assert taken_from(CHANGES["mirrored"](picture(1)), sources)[0][1] is True


def test_a_blank_picture_agrees_with_nothing() -> None:
    blank = local_points(np.full((100, 80, 3), 200, np.uint8))
    assert len(blank.places) == 0
    assert agreeing(blank, blank) == 0


def test_the_same_pictures_give_the_same_answer() -> None:
    left, right = local_points(picture(1)), local_points(CHANGES["cropped"](picture(1)))
    assert len({agreeing(left, right) for _ in range(3)}) == 1


def test_a_long_thin_picture_is_taken_too() -> None:
    assert len(local_points(picture(1)[:8]).descriptors.T) == 128
