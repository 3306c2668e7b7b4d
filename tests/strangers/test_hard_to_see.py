"""Pale text, faces cut by the frame or tilted, animals: by the real detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.validators.pictures.renders import dejavu, fonts
from benchmarks.validators.privacy import photos
from benchmarks.validators.privacy_forms import Look, faded
from benchmarks.validators.privacy_recall import (
    cut_by_the_frame,
    dark,
    masked,
    scripts,
    sees_text,
    share,
    small,
    tilted,
    written,
)
from engines.privacy.config import FaceConfig, TextConfig
from engines.privacy.faces import build_face_detector

if TYPE_CHECKING:
    from pathlib import Path

    from engines.privacy.model import FaceDetector
    from engines.types import Pixels


def photo(name: str) -> Pixels:
    return next(each.pixels() for each in photos(None) if each.path.name == name)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return build_face_detector(FaceConfig(detectors=("yunet",)))


def test_faces_cut_by_the_frame_are_found(detector: FaceDetector) -> None:
    portrait = photo("astronaut.png")
    box = detector.detect(portrait)[0].box
    cut = list(cut_by_the_frame(portrait, box))
    assert sum(len(detector.detect(pixels)) == 1 for pixels in cut) >= len(cut) - 1


def test_tilted_faces_are_found_and_counted_once(detector: FaceDetector) -> None:
    portrait = photo("astronaut.png")
    box = detector.detect(portrait)[0].box
    assert [len(detector.detect(pixels)) for pixels in tilted(portrait, box)] == [1, 1, 1, 1]


def test_small_dark_and_masked_faces_are_found(detector: FaceDetector) -> None:
    portrait = photo("astronaut.png")
    box = detector.detect(portrait)[0].box
    _, *larger = small(portrait, box)
    for pixels in (*larger, *dark(portrait), *masked(portrait, box)):
        assert len(detector.detect(pixels)) == 1


@pytest.mark.parametrize("turns", [0, 2])
def test_an_animal_is_not_a_face(detector: FaceDetector, turns: int) -> None:
    cat = photo("chelsea.png")
    for pixels in (cat, cat[::2, ::2], cat[60:, 40:]):
        assert detector.detect(pixels[:: 1 - turns].copy()) == ()


@pytest.mark.slow
def test_pale_text_is_text() -> None:
    sees = sees_text(TextConfig())
    assert sees(written("Meeting room 4, door 17", dejavu(), 24, gray=225))
    assert not sees(written("", dejavu(), 24))


@pytest.mark.slow
@pytest.mark.parametrize("toward", [0, 245])
def test_words_in_a_dark_or_pale_photograph_are_read(toward: int) -> None:
    look = Look(TextConfig())
    for share_left in (0.15, 0.04):
        page = faded("Jane Miller", "photo", fonts()[2], toward, share_left)
        assert look(page) == (True, "Jane Miller")


@pytest.mark.slow
def test_text_in_scripts_that_nobody_reads_here_is_text(tmp_path: Path) -> None:
    """With the fonts of matplotlib alone: Arabic, Hebrew, Georgian, Armenian, Cyrillic, Greek."""
    drawn = list(scripts(tmp_path))[::4]
    assert share(drawn, sees_text(TextConfig())) == f"{len(drawn)} of {len(drawn)}"
