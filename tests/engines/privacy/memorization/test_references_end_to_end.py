"""References from a folder to the issue in the answer: copies, mirrors, crops, and known faces."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits, encode_jpeg
from engines.metrics.phash import hamming, phash64, phash64_with_mirror
from engines.privacy.faces import FaceDetectorChain
from engines.privacy.memorization import References, references_from_folder, references_from_hashes
from engines.privacy.memorization.embedding import DlibEmbedder
from engines.storage.folder.storage import FolderStorage

LEAST_DISTANCE = 8
SCALE = 300_000


@pytest.fixture(scope="module")
def among_many(photos: Any) -> References:
    """The photographs' hashes at the end of 300,000 others."""
    draw = random.Random(1)
    hashes = [draw.getrandbits(64) for _ in range(SCALE)]
    names = photos.labeled("faces", 0)
    return references_from_hashes(
        hashes + [phash64(photos.pixels(name)) for name in names], LEAST_DISTANCE
    )


def recompressed(pixels: Any, quality: int) -> Any:
    return np.asarray(Image.open(io.BytesIO(encode_jpeg(pixels, quality))))


def test_copies_are_found_among_three_hundred_thousand(among_many: References, photos: Any) -> None:
    for position, name in enumerate(photos.labeled("faces", 0)):
        pixels = recompressed(photos.pixels(name), 40)
        for shown in (pixels, np.ascontiguousarray(pixels[:, ::-1])):
            found = among_many.near_duplicate(shown)
            assert found is not None, name
            assert found.position == SCALE + position


def test_strangers_are_found_among_none_of_them(photos: Any) -> None:
    draw = random.Random(2)
    strangers = references_from_hashes([draw.getrandbits(64) for _ in range(SCALE)], LEAST_DISTANCE)
    assert [n for n in photos.labels if strangers.near_duplicate(photos.pixels(n))] == []


def test_a_mirror_has_the_mirrors_hash(photos: Any) -> None:
    pixels = photos.pixels("coffee.png")
    plain, mirrored = phash64_with_mirror(pixels)
    turned = np.ascontiguousarray(pixels[:, ::-1])
    assert phash64_with_mirror(turned) == (mirrored, plain)
    assert hamming(plain, mirrored) > LEAST_DISTANCE


@pytest.mark.parametrize(("share", "least_found"), [(0.01, 0.8), (0.02, 0.5)])
def test_a_slight_crop_is_mostly_found_again(photos: Any, share: float, least_found: float) -> None:
    """The documented limit: deeper crops are other pictures to this hash."""
    names = photos.labeled("faces", 0)
    found = 0
    for name in names:
        pixels = photos.pixels(name)
        top, left = (max(1, round(side * share)) for side in pixels.shape[:2])
        references = references_from_hashes([phash64(pixels)], LEAST_DISTANCE)
        part = np.ascontiguousarray(pixels[top:-top, left:-left])
        found += references.near_duplicate(part) is not None
    assert found >= least_found * len(names)


def test_distance_of_the_nearest_is_the_least(photos: Any) -> None:
    known = phash64(photos.pixels("coffee.png"))
    references = references_from_hashes([known ^ 0b11111, known ^ 0b1, known ^ 0b111], 8)
    found = references.near_duplicate(photos.pixels("coffee.png"))
    assert found is not None
    assert (found.position, found.distance) == (1, 1)


@pytest.mark.parametrize("most", [0, 3, 8])
def test_the_configured_distance_is_the_border(photos: Any, most: int) -> None:
    known = phash64(photos.pixels("coffee.png"))
    inside = references_from_hashes([known ^ ((1 << most) - 1)], most)
    outside = references_from_hashes([known ^ ((1 << (most + 1)) - 1)], most)
    assert inside.near_duplicate(photos.pixels("coffee.png")) is not None
    assert outside.near_duplicate(photos.pixels("coffee.png")) is None


@pytest.fixture(scope="module")
def embedder() -> DlibEmbedder:
    pytest.importorskip("dlib", reason="extra `faces`")
    pytest.importorskip("face_recognition_models", reason="extra `faces`")
    return DlibEmbedder()


def test_a_known_face_in_another_picture_is_a_match(
    tmp_path: Path, doubles: Any, photos: Any, yunet: FaceDetectorChain, embedder: DlibEmbedder
) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("uploads/real/astronaut.png", photos.content("astronaut.png"))
    references = references_from_folder(
        storage, "uploads/real", ImageLimits(), LEAST_DISTANCE, yunet, embedder
    )
    assert len(references.faces) == 1
    validator = doubles.validator(yunet, references=references, embedder=embedder)

    portrait = np.ascontiguousarray(photos.pixels("astronaut.png")[:260, 100:360, :][:, ::-1])
    darker = cv2.convertScaleAbs(portrait, alpha=0.8)
    report = validator.validate(encode_jpeg(darker, 85), "k")
    assert [issue.type for issue in report.issues] == ["face", "face_match"]
    assert report.privacy_score == 0
    assert not report.passed

    other = validator.validate(photos.content("camera.png"), "k")
    assert "face_match" not in [issue.type for issue in other.issues]


def test_faces_are_not_compared_where_faces_are_not_checked(
    doubles: Any, photos: Any, yunet: FaceDetectorChain, embedder: DlibEmbedder
) -> None:
    known = embedder.embed(
        photos.pixels("astronaut.png"), yunet.detect(photos.pixels("astronaut.png"))
    )
    references = References(references_from_hashes([], 8).index, known)
    validator = doubles.validator(yunet, references=references, embedder=embedder)
    content = photos.content("astronaut.png")
    looked = validator.validate(content, "k")
    assert "face_match" in [issue.type for issue in looked.issues]
    skipped = validator.validate(content, "k", check_faces=False)
    assert (skipped.faces_detected, skipped.issues) == (None, ())
