"""Real faces as cameras and people make them: turned by EXIF, in crowds, at the edge, not there."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.config import FaceConfig
from engines.privacy.faces import FaceDetectorChain, build_face_detector
from engines.privacy.faces.boxes import overlap
from engines.privacy.faces.yunet import YuNetDetector
from engines.privacy.model import DetectorUnavailable, Face
from engines.privacy.pii import PatternPii

FACE = (148, 10, 160, 170)
"""Part of the astronaut's portrait round her face, px."""
_TURNS = {  # EXIF orientation -> what a viewer has to do to what is stored
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_INVERSE = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@pytest.fixture(scope="module")
def portrait(photos: Any) -> Any:
    x, y, width, height = FACE
    return np.ascontiguousarray(photos.pixels("astronaut.png")[y : y + height, x : x + width])


def stored_as(pixels: Any, orientation: int) -> bytes:
    """A JPEG whose pixels lie as a camera held that way stores them."""
    image = Image.fromarray(pixels)
    if orientation in _TURNS:
        image = image.transpose(_INVERSE.get(orientation, _TURNS[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_has_its_face_where_the_viewer_sees_it(
    doubles: Any, yunet: FaceDetectorChain, photos: Any, orientation: int
) -> None:
    pixels = photos.pixels("astronaut.png")
    (upright,) = yunet.detect(pixels)
    report = doubles.validator(yunet).validate(stored_as(pixels, orientation), "k")
    assert report.faces_detected == 1
    (issue,) = report.issues
    assert issue.box is not None
    assert overlap(issue.box, upright.box) > 0.8


@pytest.mark.parametrize("method", ["blur", "pixelate", "box"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_an_anonymized_copy_shows_nobody_and_has_the_upright_size(
    doubles: Any, yunet: FaceDetectorChain, photos: Any, method: str, orientation: int
) -> None:
    pixels = photos.pixels("astronaut.png")[:400]
    validator = doubles.validator(yunet)
    copy = validator.anonymize(stored_as(pixels, orientation), "k", method)
    report = validator.validate(copy, "k")
    assert (report.faces_detected, report.issues, report.passed) == (0, (), True)
    with Image.open(io.BytesIO(copy)) as image:
        assert image.size == (512, 400)
        assert not dict(image.getexif())


def crowd(portrait: Any, side: int, columns: int, rows: int) -> Any:
    small = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.tile(small, (rows, columns, 1)))


@pytest.mark.parametrize(("side", "columns", "rows"), [(80, 4, 3), (48, 8, 5), (160, 2, 2)])
def test_everybody_in_a_crowd_is_counted(
    yunet: FaceDetectorChain, portrait: Any, side: int, columns: int, rows: int
) -> None:
    found = yunet.detect(crowd(portrait, side, columns, rows))
    assert len(found) == columns * rows
    cells = {
        ((face.box[0] + face.box[2] // 2) // side, (face.box[1] + face.box[3] // 2) // side)
        for face in found
    }
    assert len(cells) == columns * rows


def test_faces_too_small_for_the_first_look_want_the_crowd_setting(portrait: Any) -> None:
    canvas = np.full((1200, 2400, 3), 120, dtype=np.uint8)
    canvas[200:500, 600:1200] = crowd(portrait, 30, 20, 10)
    plain = build_face_detector(FaceConfig(detectors=("yunet",)))
    closer = build_face_detector(FaceConfig(detectors=("yunet",), crowd_long_side_px=2400))
    seen, seen_closer = len(plain.detect(canvas)), len(closer.detect(canvas))
    assert seen < 100
    assert seen_closer >= 190


@pytest.mark.parametrize("cut", [0.25, 0.35])
@pytest.mark.parametrize("edge", ["left", "right"])
def test_a_face_cut_by_the_edge_is_still_a_face(
    yunet: FaceDetectorChain, photos: Any, edge: str, cut: float
) -> None:
    pixels = photos.pixels("astronaut.png")
    (face,) = yunet.detect(pixels)
    x, _, width, _ = face.box
    lost = round(width * cut)
    part = pixels[:, x + lost :] if edge == "left" else pixels[:, : x + width - lost]
    (found,) = yunet.detect(np.ascontiguousarray(part))
    assert found.box[0] >= 0
    assert found.box[0] + found.box[2] <= part.shape[1]


def test_a_bigger_background_does_not_hide_a_face(yunet: FaceDetectorChain, photos: Any) -> None:
    wide = np.full((512, 2000, 3), 200, dtype=np.uint8)
    wide[:, 700:1212] = photos.pixels("astronaut.png")
    (face,) = yunet.detect(wide)
    assert 148 + 700 < face.box[0] < 308 + 700


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 3), (16, 4096)])
def test_odd_shapes_are_looked_at(yunet: FaceDetectorChain, shape: tuple[int, int]) -> None:
    assert yunet.detect(np.full((*shape, 3), 90, dtype=np.uint8)) == ()


class Fails:
    """A detector that loads and then cannot look."""

    name = "fails"

    def detect(self, pixels: Any) -> tuple[Face, ...]:
        raise DetectorUnavailable("out of memory")


@pytest.mark.parametrize("chain", [{}, {"fails": Fails}])
def test_without_a_detector_nobody_says_zero_faces(
    doubles: Any, photos: Any, chain: dict[str, Any]
) -> None:
    validator = PrivacyValidator(
        PrivacyConfig(),
        ImageLimits(),
        FaceDetectorChain(chain),
        doubles.reader(),
        PatternPii(()),
    )
    report = validator.validate(photos.content("astronaut.png"), "k")
    assert report.faces_detected is None
    assert not report.passed
    assert [issue.type for issue in report.issues] == ["face_check_unavailable"]


def test_broken_weights_do_not_load_as_a_detector() -> None:
    with pytest.raises(DetectorUnavailable):
        YuNetDetector(0.5, weights=b"not a network" * 100)
