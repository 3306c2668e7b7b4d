"""The validator over fake detectors: what runs, what is said, what never leaks."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import InferloopError, InvalidImage
from engines.images import ImageLimits
from engines.metrics.phash import phash64
from engines.privacy import PrivacyConfig, References, build_privacy_validator
from engines.privacy.config import PiiConfig
from engines.privacy.memorization import HashIndex
from engines.privacy.model import Face
from engines.privacy.pii.detecting import build_pii_detector
from engines.storage.folder.storage import FolderStorage

FACE = Face((30, 20, 40, 50), 0.93)


def test_clean_image_gets_the_answer_of_the_reference(doubles: Any, blank_png: bytes) -> None:
    report = doubles.validator().validate(blank_png, "generated/a.png")
    assert (report.key, report.privacy_score, report.passed) == ("generated/a.png", 100, True)
    assert (report.faces_detected, report.text_detected, report.pii_detected) == (0, False, False)
    assert report.issues == ()


def test_face_is_an_issue_with_its_box(doubles: Any, blank_png: bytes) -> None:
    report = doubles.validator(doubles.faces((FACE, FACE))).validate(blank_png, "k")
    assert report.faces_detected == 2
    issue = report.issues[0]
    assert (issue.type, issue.severity, issue.box) == ("face", "high", (30, 20, 40, 50))
    assert (issue.confidence, issue.detector) == (0.93, "fake_faces")
    assert not report.passed
    assert not report.pii_detected


def test_checks_switched_off_do_not_run(doubles: Any, blank_png: bytes) -> None:
    faces, reader = doubles.faces((FACE,)), doubles.reader((doubles.line("EXIT"),))
    report = doubles.validator(faces, reader).validate(blank_png, "k", False, False)
    assert (report.faces_detected, report.text_detected) == (None, None)
    assert (faces.shapes, reader.calls) == ([], 0)
    assert report.passed


@pytest.mark.parametrize("what", ["face", "text"])
def test_check_that_cannot_run_is_said_and_fails(doubles: Any, blank_png: bytes, what: str) -> None:
    faces = doubles.faces(problem="dlib is not installed" if what == "face" else None)
    reader = doubles.reader(problem="no model" if what == "text" else None)
    report = doubles.validator(faces, reader).validate(blank_png, "k")
    assert [issue.type for issue in report.issues] == [f"{what}_check_unavailable"]
    seen = report.faces_detected if what == "face" else report.text_detected
    assert seen is None
    assert not report.passed


def test_text_without_personal_data_is_low_and_passes(doubles: Any, blank_png: bytes) -> None:
    reader = doubles.reader((doubles.line("Hello world"),))
    report = doubles.validator(reader=reader).validate(blank_png, "k")
    issue, names = report.issues
    assert (issue.type, issue.severity, issue.text) == ("text", "low", "H*** w***")
    assert (names.type, names.severity) == ("names_not_checked", "low")
    assert (report.text_detected, report.pii_detected, report.passed) == (True, False, True)
    assert report.privacy_score == 95


def test_personal_data_is_masked_everywhere(
    doubles: Any, blank_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = ("jane.doe@example.com", "+1 415 555 2671", "4111 1111 1111 1111")
    lines = tuple(doubles.line(text, y=40 * i) for i, text in enumerate(secrets))
    with caplog.at_level(logging.DEBUG):
        report = doubles.validator(reader=doubles.reader(lines)).validate(blank_png, "k")
    assert [issue.type for issue in report.issues] == ["email", "phone", "credit_card"]
    assert report.pii_detected
    assert not report.passed
    for secret in secrets:
        assert secret not in repr(report)
        assert secret not in caplog.text
    assert report.issues[0].text == "j***@e***.com"
    assert report.issues[0].box == lines[0].box


def test_personal_data_read_with_little_confidence_counts(doubles: Any, blank_png: bytes) -> None:
    reader = doubles.reader((doubles.line("jane.doe@example.com", confidence=0.55),))
    report = doubles.validator(reader=reader).validate(blank_png, "k")
    assert report.text_detected
    assert report.pii_detected
    assert report.issues[0].confidence == 0.55


def test_boxes_are_of_the_upright_image(doubles: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (80, 40)).save(out, "JPEG", exif=exif)
    faces = doubles.faces()
    doubles.validator(faces).validate(out.getvalue(), "k")
    assert faces.shapes == [(80, 40, 3)]


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_image_is_refused(doubles: Any, content: bytes) -> None:
    with pytest.raises(InvalidImage):
        doubles.validator().validate(content, "k")


def test_near_duplicate_is_named_with_its_distance(doubles: Any, photos: Any) -> None:
    known = phash64(photos.pixels("coffee.png"))
    references = References(HashIndex([known ^ 0b111], 8))
    validator = doubles.validator(references=references)
    (issue,) = validator.validate(photos.content("coffee.png"), "k").issues
    assert (issue.type, issue.severity) == ("near_duplicate", "high")
    assert issue.message.startswith("Nearly a copy of a reference image: 3 of 64")
    assert validator.validate(photos.content("rocket.jpg"), "k").issues == ()


@pytest.mark.parametrize(("vector", "matches"), [((0.1, 0.0), True), ((0.9, 0.0), False)])
def test_face_of_the_references_is_a_match(
    doubles: Any, blank_png: bytes, vector: tuple[float, ...], matches: bool
) -> None:
    references = References(HashIndex([], 8), faces=((0.0, 0.0),))
    validator = doubles.validator(
        doubles.faces((FACE,)), references=references, embedder=doubles.embedder(vector)
    )
    types = [issue.type for issue in validator.validate(blank_png, "k").issues]
    assert ("face_match" in types) is matches
    skipped = validator.validate(blank_png, "k", check_faces=False)
    assert skipped.issues == ()


def test_of_a_crowd_only_so_many_faces_are_compared(doubles: Any, blank_png: bytes) -> None:
    references = References(HashIndex([], 8), faces=((0.0, 0.0),))
    crowd = tuple(Face((x, 0, 1, 1), 0.9) for x in range(500))
    validator = doubles.validator(
        doubles.faces(crowd), references=references, embedder=doubles.embedder((0.1, 0.0))
    )
    report = validator.validate(blank_png, "k")
    assert report.faces_detected == 500
    assert sum(issue.type == "face_match" for issue in report.issues) == 64
    told = [issue.message for issue in report.issues if issue.type == "face"]
    assert told[100:] == ["400 further issues of this type"]


def test_version_names_detectors_and_thresholds(doubles: Any, blank_png: bytes) -> None:
    version = doubles.validator().validate(blank_png, "k").validator_version
    assert version.startswith("privacy/1 faces=fake_faces>=0.85 text=fake_reader>=0.70")
    assert version.isascii()


def test_warm_says_which_check_cannot_run(doubles: Any, caplog: pytest.LogCaptureFixture) -> None:
    validator = doubles.validator(doubles.faces(problem="no weights"))
    with caplog.at_level(logging.WARNING):
        validator.warm()
    assert "no weights" in caplog.text


def test_built_from_config_it_finds_the_astronaut(tmp_path: Path, photos: Any) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("uploads/real/a.png", photos.content("astronaut.png"))
    config = PrivacyConfig.model_validate(
        {"memorization": {"reference_dir": "uploads/real"}, "faces": {"embeddings": False}}
    )
    validator = build_privacy_validator(config, ImageLimits(), storage)
    report = validator.validate(photos.content("astronaut.png"), "k", check_text=False)
    assert [issue.type for issue in report.issues] == ["face", "near_duplicate"]
    assert "references=1" in report.validator_version


def test_references_need_a_storage() -> None:
    config = PrivacyConfig.model_validate({"memorization": {"reference_profile": "p.json"}})
    with pytest.raises(InferloopError, match="no storage"):
        build_privacy_validator(config, ImageLimits())


def test_presidio_asked_for_but_absent_is_said() -> None:
    with pytest.raises(InferloopError, match=r"privacy\.pii\.presidio is on, but"):
        build_pii_detector(PiiConfig(presidio=True, presidio_model="no_such_model"))


def test_config_is_frozen_and_closed() -> None:
    with pytest.raises(ValueError, match="extra"):
        PrivacyConfig.model_validate({"face": {}})
    with pytest.raises(ValueError, match="frozen"):
        PrivacyConfig().threads = 4  # type: ignore[misc]


def test_gray_and_alpha_images_are_judged(doubles: Any, as_png: Any) -> None:
    gray = np.full((40, 50), 120, dtype=np.uint8)
    alpha = np.full((40, 50, 4), 120, dtype=np.uint8)
    faces = doubles.faces()
    for pixels in (gray, alpha):
        doubles.validator(faces).validate(as_png(pixels), "k")
    assert faces.shapes == [(40, 50, 3)] * 2
