"""The embedded model's own pictures for the training of the head."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.quality import own

LISTED = Path(own.__file__).with_name("trained_on.txt").read_text().split()


@pytest.mark.slow
def test_a_picture_of_each_prompt_is_written_by_its_number(tmp_path: Path) -> None:
    before, sys.argv = sys.argv, ["own", str(tmp_path), "--steps", "1", "--first", "2"]
    try:
        own.main()
    finally:
        sys.argv = before
    paths = sorted((tmp_path / own.KIND).iterdir())
    assert [path.name for path in paths] == ["000.png", "001.png"]
    first, second = (np.asarray(Image.open(path)) for path in paths)
    assert first.shape == (512, 512, 3)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("form", ["", "formed_"])
def test_every_second_one_trains_the_head(form: str) -> None:
    numbers = range(0, len(own.PROMPTS), 2)
    names = [f"{form}pictures_own_own_drawing_{number:03d}.png" for number in numbers]
    assert set(names) <= set(LISTED)
    assert sum(name.startswith(f"{form}pictures_own_") for name in LISTED) == len(names)
