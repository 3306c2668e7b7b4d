"""`python -m training.letters` runs from its folders to weights that the service can use."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.validators.pictures.renders import dejavu
from training.letters.__main__ import main, pictures

SHIPPED = Path(__file__).parents[2] / "engines/privacy/data/letters.npz"


def folders(where: Path) -> list[str]:
    """The arguments for a font, a textless picture, and pictures with a sign."""
    rng = np.random.default_rng(0)
    wood = np.repeat(rng.integers(90, 160, (200, 1, 3), np.uint8), 300, axis=1)
    arguments = []
    for name in ("fonts", "textless", "signs", "unread"):
        (where / name).mkdir()
        arguments += [f"--{name}", str(where / name)]
        picture = Image.fromarray(wood)
        if name in ("signs", "unread"):
            font = ImageFont.truetype(str(dejavu()), 40)
            ImageDraw.Draw(picture).text((20, 60), "EXIT HERE", "white", font)
        picture.save(where / name / "wood.png")
    (where / "textless" / "notes.txt").write_text("taken in May")
    shutil.copy(dejavu(), where / "fonts")
    return arguments


@pytest.mark.slow
def test_a_trial_writes_weights_of_the_shipped_shapes(tmp_path: Path) -> None:
    out = tmp_path / "letters.npz"
    main([*folders(tmp_path), "--share", "0.003", "--out", str(out)])
    with np.load(out) as fitted, np.load(SHIPPED) as shipped:
        assert {name: fitted[name].shape for name in fitted} == {
            name: shipped[name].shape for name in shipped
        }
        assert all(np.isfinite(fitted[name]).all() for name in fitted)


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing yet")
    with pytest.raises(SystemExit, match=r"no file ends in \.jpg"):
        pictures(tmp_path)
    with pytest.raises(SystemExit, match="absent: no file"):
        pictures(tmp_path / "absent")
