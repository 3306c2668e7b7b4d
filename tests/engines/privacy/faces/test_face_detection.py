"""The real YuNet on photographs, drawn faces, turned and small images; its weights; dlib."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.validators.pictures.renders import drawn_face
from engines.privacy.config import FaceConfig
from engines.privacy.faces import FaceDetectorChain, build_face_detector
from engines.privacy.faces.boxes import overlap
from engines.privacy.faces.yunet import YUNET_PATH, YUNET_SHA256, yunet_weights
from engines.privacy.model import DetectorUnavailable

ASTRONAUT = (178, 63, 90, 114)


def test_weights_are_the_documented_file() -> None:
    assert len(yunet_weights()) == 122_489
    assert YUNET_SHA256 in (YUNET_PATH.parent / "README.md").read_text()
    assert "MIT License" in (YUNET_PATH.parent / "LICENSE-yunet").read_text()


def test_other_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "yunet.onnx"
    changed.write_bytes(yunet_weights() + b"\0")
    with pytest.raises(DetectorUnavailable, match="wrong SHA-256"):
        yunet_weights(changed)
    with pytest.raises(DetectorUnavailable, match="are missing"):
        yunet_weights(tmp_path / "absent.onnx")


def test_finds_every_face_of_the_labeled_photographs(yunet: FaceDetectorChain, photos: Any) -> None:
    for name in photos.labeled("faces", 1):
        assert len(yunet.detect(photos.pixels(name))) == 1, name


@pytest.mark.slow
def test_finds_none_where_there_is_none(yunet: FaceDetectorChain, photos: Any) -> None:
    false = [name for name in photos.labeled("faces", 0) if yunet.detect(photos.pixels(name))]
    assert false == []


def test_box_is_in_pixels_of_the_image_at_every_size(yunet: FaceDetectorChain, photos: Any) -> None:
    pixels = photos.pixels("astronaut.png")
    large = np.ascontiguousarray(pixels.repeat(3, axis=0).repeat(3, axis=1))
    small = np.ascontiguousarray(pixels[::4, ::4])
    for image, factor in ((pixels, 1.0), (large, 3.0), (small, 0.25)):
        (face,) = yunet.detect(image)
        expected = tuple(round(value * factor) for value in ASTRONAUT)
        assert overlap(face.box, (expected[0], expected[1], expected[2], expected[3])) > 0.7


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_face_in_a_photograph_on_its_side_or_upside_down_is_found_where_it_is(
    yunet: FaceDetectorChain, photos: Any, turns: int
) -> None:
    pixels = np.ascontiguousarray(np.rot90(photos.pixels("astronaut.png"), turns))
    (face,) = yunet.detect(pixels)
    marked = np.zeros((512, 512), dtype=np.uint8)
    x, y, width, height = ASTRONAUT
    marked[y : y + height, x : x + width] = 1
    turned = np.rot90(marked, turns)
    left, top, box_width, box_height = face.box
    assert turned[top : top + box_height, left : left + box_width].mean() > 0.6


@pytest.mark.parametrize("side_px", [128, 180])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_somebody_in_a_small_photograph_on_its_side_or_upside_down_is_found(
    yunet: FaceDetectorChain, photos: Any, turns: int, side_px: int
) -> None:
    size = side_px, side_px
    small = cv2.resize(photos.pixels("astronaut.png"), size, interpolation=cv2.INTER_AREA)
    assert len(yunet.detect(np.ascontiguousarray(np.rot90(small, turns)))) == 1


@pytest.mark.parametrize("happy", [True, False])
@pytest.mark.parametrize("color", [(255, 220, 60), (230, 180, 140)])
def test_emoji_is_nobody(
    yunet: FaceDetectorChain, color: tuple[int, int, int], happy: bool
) -> None:
    assert yunet.detect(drawn_face(color, happy)) == ()


@pytest.mark.slow
def test_tiny_face_is_found_by_the_second_look(photos: Any) -> None:
    canvas = np.full((480, 640, 3), 127, dtype=np.uint8)
    small = cv2.resize(photos.pixels("astronaut.png"), (58, 58), interpolation=cv2.INTER_AREA)
    canvas[100:158, 100:158] = small
    once = build_face_detector(FaceConfig(doubtful=0.85, rotations="off"))
    twice = build_face_detector(FaceConfig(doubtful=0.4, rotations="off"))
    assert once.detect(canvas) == ()
    (face,) = twice.detect(canvas)
    assert overlap(face.box, (120, 107, 10, 13)) > 0.5


def test_threads_share_a_detector(yunet: FaceDetectorChain, photos: Any) -> None:
    wide = np.ascontiguousarray(photos.pixels("astronaut.png")[:300])
    tall = np.ascontiguousarray(photos.pixels("camera.png")[:, :400])
    expected = [yunet.detect(wide), yunet.detect(tall)]
    seen: list[bool] = []

    def look(index: int) -> None:
        looks = [yunet.detect((wide, tall)[index]) for _ in range(3)]
        seen.extend(found == expected[index] for found in looks)

    threads = [threading.Thread(target=look, args=(index % 2,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 12


@pytest.mark.slow
def test_dlib_answers_to_the_name_face_recognition(photos: Any) -> None:
    pytest.importorskip("dlib")
    detector = build_face_detector(FaceConfig(detectors=("face_recognition",)))
    assert detector.name == "face_recognition"
    face, *_ = detector.detect(photos.pixels("astronaut.png"))
    assert overlap(face.box, ASTRONAUT) > 0.7
    assert 0.5 < face.confidence <= 1.0
    assert detector.detect(photos.pixels("coffee.png")) == ()
