"""The detector that looks again: its weights, what it finds that YuNet does not, and its veto."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.privacy.config import FaceConfig
from engines.privacy.faces import ScanningDetector, build_face_detector
from engines.privacy.faces.centerface import (
    CENTERFACE_PATH,
    CENTERFACE_SHA256,
    CenterFaceDetector,
    centerface_weights,
)
from engines.privacy.faces.chain import WithFurther
from engines.privacy.faces.framed import FramedDetector
from engines.privacy.model import DetectorUnavailable, Face

GRAY = np.full((100, 200, 3), 128, dtype=np.uint8)
SOMEBODY = (Face((20, 10, 40, 50), 0.87),)


def test_weights_are_the_documented_file() -> None:
    assert len(centerface_weights()) < 4_000_000
    assert CENTERFACE_SHA256 in (CENTERFACE_PATH.parent / "README.md").read_text()
    assert "MIT License" in (CENTERFACE_PATH.parent / "LICENSE-centerface").read_text()


def test_other_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "centerface.onnx"
    changed.write_bytes(centerface_weights() + b"\0")
    with pytest.raises(DetectorUnavailable, match="wrong SHA-256"):
        centerface_weights(changed)
    with pytest.raises(DetectorUnavailable, match="cannot run CenterFace"):
        CenterFaceDetector(0.5, b"no network")


@pytest.mark.parametrize("size", [(512, 512), (300, 290), (33, 512)])
def test_a_face_is_found_where_it_is_in_images_of_any_size(
    photos: Any, size: tuple[int, int]
) -> None:
    pixels = np.ascontiguousarray(photos.pixels("astronaut.png")[: size[0], : size[1]])
    faces = CenterFaceDetector(0.5).detect(pixels)
    if size[0] < 100:
        assert faces == ()
        return
    (face,) = faces
    x, y, width, height = face.box
    assert abs(x + width / 2 - 223) < 12
    assert abs(y + height / 2 - 120) < 15


def old_print(pixels: Any, grain: float) -> Any:
    """A pale black-and-white print with grain."""
    gray = pixels.astype(np.float32).mean(axis=2, keepdims=True)
    noise = np.random.default_rng(0).normal(0, grain, gray.shape)
    return np.clip(60 + 0.5 * gray + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)


def beside_a_bright_wall(pixels: Any, light: float) -> Any:
    """A picture of a quarter of the size in the dark, the rest is bright."""
    small = pixels[::4, ::4]
    side = len(small)
    wall = np.full((2 * side, 2 * side, 3), 230, np.uint8)
    wall[side // 2 : side // 2 + side, side:] = (small * light).astype(np.uint8)
    return wall


def test_somebody_in_a_grainy_old_photograph_is_found(photos: Any) -> None:
    print_ = old_print(photos.pixels("astronaut.png"), 40)
    assert build_face_detector(FaceConfig(centerface=False)).detect(print_) == ()
    assert len(build_face_detector(FaceConfig()).detect(print_)) == 1


def test_somebody_in_the_dark_beside_a_bright_wall_is_found(photos: Any) -> None:
    wall = beside_a_bright_wall(photos.pixels("astronaut.png"), 0.035)
    assert build_face_detector(FaceConfig(centerface=False)).detect(wall) == ()
    assert len(build_face_detector(FaceConfig()).detect(wall)) == 1


def test_further_detectors_are_asked_only_where_none_was_found(doubles: Any) -> None:
    further = doubles.faces(SOMEBODY)
    assert WithFurther(doubles.faces(SOMEBODY), further).detect(GRAY) == SOMEBODY
    assert further.shapes == []
    assert WithFurther(doubles.faces(), doubles.faces(), further).detect(GRAY) == SOMEBODY


def test_a_further_detector_that_fails_takes_no_check_away(
    doubles: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken = doubles.faces(problem="no memory", name="broken")
    with caplog.at_level(logging.WARNING):
        assert WithFurther(doubles.faces(), broken, doubles.faces(SOMEBODY)).detect(GRAY)
        assert WithFurther(doubles.faces(), broken).detect(GRAY) == ()
    assert "broken failed" in caplog.text


class OnlyIn:
    """Sees a face in the middle of squares with the side `side_px`, and nothing elsewhere."""

    name = "only_in"

    def __init__(self, side_px: int, confidence: float) -> None:
        self._side_px = side_px
        self._confidence = confidence

    def detect(self, pixels: Any) -> tuple[Face, ...]:
        side = self._side_px
        middle = (side // 3, side // 3, side // 3, side // 3)
        return (Face(middle, self._confidence),) if pixels.shape[0] == side else ()


@pytest.mark.parametrize(
    ("confidence", "judged", "found"), [(0.87, 0.4, 0), (0.87, 0.6, 1), (0.95, 0.4, 1)]
)
def test_a_dog_that_only_one_detector_takes_for_a_face_is_nobody(
    doubles: Any, confidence: float, judged: float, found: int
) -> None:
    inner = doubles.faces((Face((20, 10, 40, 50), confidence),))
    config = FaceConfig(rotations="off", min_long_side_px=0)
    scanning = ScanningDetector(inner, config, thresholds=True, judge=OnlyIn(192, judged))
    assert len(scanning.detect(GRAY)) == found


class BesideGray:
    """Sees a face that fills the picture only if there is gray around it."""

    name = "beside_gray"

    def detect(self, pixels: Any) -> tuple[Face, ...]:
        rows, columns = np.nonzero((pixels != 128).any(axis=2))
        around = (pixels[:2] == 128).all() and (pixels[:, :2] == 128).all()
        if not around or not len(rows):
            return ()
        x, y = int(columns.min()), int(rows.min())
        return (Face((x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y), 0.7),)


def test_a_face_that_fills_the_picture_is_found_and_covers_it() -> None:
    picture = np.full((300, 240, 3), 200, np.uint8)
    assert BesideGray().detect(picture) == ()
    (face,) = FramedDetector(BesideGray(), 0.5).detect(picture)
    x, y, width, height = face.box
    assert max(abs(x), abs(y), abs(width - 240), abs(height - 300)) <= 4
    assert FramedDetector(BesideGray(), 0.9).detect(picture) == ()
