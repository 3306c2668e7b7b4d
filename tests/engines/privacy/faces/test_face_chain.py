"""Falling back, saying so, and never saying "no faces" without having looked."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from engines.privacy.config import FaceConfig
from engines.privacy.faces import FaceDetectorChain, ScanningDetector
from engines.privacy.faces.boxes import clipped, merged, overlap, turned_back
from engines.privacy.model import DetectorUnavailable, Face, FaceDetector

GRAY = np.full((100, 200, 3), 128, dtype=np.uint8)


def unavailable() -> FaceDetector:
    raise DetectorUnavailable("not installed")


def test_first_that_loads_is_used(doubles: Any, caplog: pytest.LogCaptureFixture) -> None:
    second = doubles.faces((Face((1, 2, 3, 4), 0.9),), name="second")
    with caplog.at_level(logging.WARNING):
        chain = FaceDetectorChain({"first": unavailable, "second": lambda: second})
    assert chain.name == "second"
    assert chain.detect(GRAY) == second.faces
    assert "first is not available" in caplog.text


def test_one_that_fails_hands_the_image_on(doubles: Any) -> None:
    broken = doubles.faces(problem="weights gone", name="broken")
    chain = FaceDetectorChain({"a": lambda: broken, "b": lambda: doubles.faces()})
    assert chain.detect(GRAY) == ()
    assert broken.shapes == [(100, 200, 3)]


def test_none_left_is_no_empty_answer(doubles: Any) -> None:
    empty = FaceDetectorChain({"a": unavailable})
    assert empty.name == "none"
    with pytest.raises(DetectorUnavailable):
        empty.detect(GRAY)
    with pytest.raises(DetectorUnavailable):
        FaceDetectorChain({"a": lambda: doubles.faces(problem="x")}).detect(GRAY)


def scanning(inner: FaceDetector, **settings: Any) -> ScanningDetector:
    return ScanningDetector(inner, FaceConfig(**settings), thresholds=True)


def test_large_image_is_shown_small_and_box_scaled_back(doubles: Any) -> None:
    inner = doubles.faces((Face((10, 20, 30, 40), 0.9),))
    large = np.zeros((640, 1280, 3), dtype=np.uint8)
    (face,) = scanning(inner, long_side_px=640).detect(large)
    assert inner.shapes == [(320, 640, 3)]
    assert face.box == (20, 40, 60, 80)


def test_small_image_is_shown_larger(doubles: Any) -> None:
    inner = doubles.faces()
    small = np.zeros((64, 32, 3), dtype=np.uint8)
    scanning(inner, rotations="off", min_long_side_px=256).detect(small)
    assert inner.shapes == [(256, 128, 3)]


def test_doubtful_face_that_is_not_seen_again_is_none(doubles: Any) -> None:
    inner = doubles.faces((Face((150, 5, 10, 10), 0.6),))
    assert scanning(inner, rotations="off", min_long_side_px=0).detect(GRAY) == ()
    assert inner.shapes[1:] == [(192, 192, 3)] * 2


def test_doubtful_face_that_is_seen_again_counts(doubles: Any) -> None:
    middle = Face((64, 64, 64, 64), 0.7)
    (face,) = scanning(doubles.faces((middle,)), rotations="off", min_long_side_px=0).detect(GRAY)
    assert face.confidence == pytest.approx(0.7)


def test_what_is_seen_again_only_faintly_is_no_face(doubles: Any) -> None:
    """A dog's head at 0.84: sure enough on the mean, but hardly a face from near by."""

    class Wavering:
        name = "wavering"

        def detect(self, pixels: Any) -> tuple[Face, ...]:
            near = pixels.shape[:2] == (192, 192)
            return (Face((64, 64, 64, 64), 0.5 if near else 0.84),)

    settings: dict[str, Any] = {"rotations": "off", "min_long_side_px": 0}
    assert scanning(Wavering(), **settings).detect(GRAY) == ()
    assert len(scanning(Wavering(), closer_threshold=0.4, **settings).detect(GRAY)) == 1
    assert len(scanning(Wavering(), threshold=0.8, **settings).detect(GRAY)) == 1


@pytest.mark.parametrize(("rotations", "looks"), [("off", 1), ("doubtful", 1), ("always", 4)])
def test_empty_image_is_turned_only_when_asked(doubles: Any, rotations: Any, looks: int) -> None:
    inner = doubles.faces()
    scanning(inner, rotations=rotations, min_long_side_px=0).detect(GRAY)
    assert len(inner.shapes) == looks


@pytest.mark.parametrize(("near", "count"), [(0.9, 3), (0.7, 0)])
def test_what_resembles_a_face_in_a_turned_picture_counts_only_if_seen_again(
    near: float, count: int
) -> None:
    """Stones on their side at 0.8, and from near by at 0.7: enough upright, but not in a turned
    picture, as the false alarms of all directions add up."""

    class OnItsSide:
        name = "on its side"

        def __init__(self) -> None:
            self.whole = 0

        def detect(self, pixels: Any) -> tuple[Face, ...]:
            if pixels.shape[:2] == (192, 192):
                return (Face((64, 64, 64, 64), near),)
            self.whole += 1
            turned_boxes = ((8, 8, 20, 20), (30, 8, 20, 20), (8, 60, 20, 20))
            return (Face(turned_boxes[self.whole - 2], 0.8),) if self.whole > 1 else ()

    found = scanning(OnItsSide(), min_long_side_px=0).detect(np.zeros((90, 90, 3), np.uint8))
    assert len(found) == count


def test_crowd_is_looked_at_larger_once_more(doubles: Any) -> None:
    inner = doubles.faces((Face((0, 0, 20, 20), 0.9),))
    large = np.zeros((1000, 2000, 3), dtype=np.uint8)
    found = scanning(inner, crowd_long_side_px=1280).detect(large)
    assert inner.shapes == [(320, 640, 3), (640, 1280, 3)]
    assert len(found) == 1


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turned_box_comes_back(turns: int) -> None:
    image = np.zeros((40, 60), dtype=np.uint8)
    image[5:15, 20:26] = 1
    rows, columns = np.nonzero(np.rot90(image, turns))
    found = (
        int(columns.min()),
        int(rows.min()),
        int(np.ptp(columns)) + 1,
        int(np.ptp(rows)) + 1,
    )
    assert turned_back(found, turns, 60, 40) == (20, 5, 6, 10)


def test_overlapping_faces_are_one_and_the_surer_stays() -> None:
    weak, strong, apart = (
        Face((0, 0, 10, 10), 0.5),
        Face((1, 1, 10, 10), 0.9),
        Face((50, 50, 10, 10), 0.7),
    )
    assert merged((weak, strong, apart)) == (strong, apart)
    assert overlap(weak.box, apart.box) == 0.0
    assert clipped((-5, -5, 10, 10), 3, 100) == (0, 0, 3, 5)


def crowd_of(confidences: list[float]) -> tuple[Face, ...]:
    return tuple(Face((12 * i, 0, 10, 10), c) for i, c in enumerate(confidences))


class Crowd:
    """Sees `faces` in the whole image, and a face from near by with the confidence `near`."""

    name = "crowd"

    def __init__(self, faces: tuple[Face, ...], near: float) -> None:
        self.faces, self.near, self.looks = faces, near, 0

    def detect(self, pixels: Any) -> tuple[Face, ...]:
        if pixels.shape[:2] != (192, 192):
            return self.faces
        self.looks += 1
        return (Face((64, 64, 64, 64), self.near),)


@pytest.mark.parametrize(("near", "found"), [(0.9, 40), (0.3, 0)])
def test_of_a_crowd_a_sample_speaks_for_all(near: float, found: int) -> None:
    wide = np.full((30, 600, 3), 128, dtype=np.uint8)
    crowd = Crowd(crowd_of([0.8 - i / 1000 for i in range(40)]), near)
    settings: dict[str, Any] = {"rotations": "off", "min_long_side_px": 0}
    assert len(scanning(crowd, **settings).detect(wide)) == found
    assert crowd.looks <= 2 * 16, "a bounded number of second looks, each with its mirror"
