"""Near-duplicate search against brute force, over real photographs, from a folder and hashes."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.errors import StorageFailed
from engines.images import ImageLimits
from engines.metrics.phash import hamming, phash64
from engines.privacy.faces import FaceDetectorChain
from engines.privacy.memorization import HashIndex, references_from_folder, references_from_hashes
from engines.privacy.memorization.embedding import DlibEmbedder, nearest_face
from engines.privacy.memorization.references import hashes_of_profile
from engines.storage.folder.storage import FolderStorage

_HASH = st.integers(0, 2**64 - 1)


@given(st.lists(_HASH, min_size=1, max_size=40), _HASH, st.integers(0, 15))
def test_nearest_is_what_counting_every_bit_finds(
    hashes: list[int], wanted: int, most: int
) -> None:
    best = min(hamming(wanted, value) for value in hashes)
    found = HashIndex(hashes, most).nearest([wanted])
    if best > most:
        assert found is None
    else:
        assert found is not None
        assert found.distance == best == hamming(wanted, hashes[found.position])


def test_a_near_one_is_found_among_two_hundred_thousand() -> None:
    draw = random.Random(0)
    hashes = [draw.getrandbits(64) for _ in range(200_000)]
    found = HashIndex(hashes, 8).nearest([draw.getrandbits(64), hashes[123_456] ^ 0b10110])
    assert found is not None
    assert (found.position, found.distance) == (123_456, 3)


def test_no_references_have_no_neighbor() -> None:
    assert HashIndex([], 8).nearest([1, 2]) is None


def changed(pixels: Any, how: str) -> Any:
    if how == "mirror":
        return np.ascontiguousarray(pixels[:, ::-1])
    if how == "half":
        return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    if how == "bright":
        return cv2.convertScaleAbs(pixels, alpha=1.2)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=30)
    return np.asarray(Image.open(out))


@pytest.mark.parametrize("how", ["mirror", "half", "bright", "jpeg"])
def test_changed_photograph_is_its_own_near_duplicate(photos: Any, how: str) -> None:
    names = photos.labeled("faces", 0)
    references = references_from_hashes([phash64(photos.pixels(name)) for name in names], 10)
    for position, name in enumerate(names):
        found = references.near_duplicate(changed(photos.pixels(name), how))
        assert found is not None, name
        assert found.position == position


def test_different_photographs_are_no_duplicates(photos: Any) -> None:
    hashes = {name: phash64(photos.pixels(name)) for name in photos.labeled("faces", 0)}
    for name in hashes:
        others = [value for other, value in hashes.items() if other != name]
        assert references_from_hashes(others, 8).near_duplicate(photos.pixels(name)) is None


def test_blank_images_are_not_copies_of_each_other() -> None:
    black = np.zeros((64, 64, 3), dtype=np.uint8)
    references = references_from_hashes([phash64(black)], 8)
    assert references.near_duplicate(np.full((64, 64, 3), 250, dtype=np.uint8)) is None


def test_folder_is_read_through_storage_and_broken_files_are_skipped(
    tmp_path: Path, photos: Any
) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("uploads/real/a.png", photos.content("coffee.png"))
    storage.put_new("uploads/real/deep/b.jpg", photos.content("rocket.jpg"))
    storage.put_new("uploads/real/broken.png", b"not an image")
    storage.put_new("uploads/real/notes.json", b"{}")
    references = references_from_folder(storage, "uploads/real", ImageLimits(), 8)
    assert len(references.index) == 2
    assert references.faces == ()
    assert references.near_duplicate(photos.pixels("rocket.jpg")) is not None


@pytest.mark.parametrize("nested", [False, True])
def test_hashes_of_a_profile(nested: bool) -> None:
    kept = {"hashes": ["00000000000000ff", "8000000000000000"]}
    content = json.dumps({"statistics": kept} if nested else kept).encode()
    assert hashes_of_profile(content) == [255, 1 << 63]


@pytest.mark.parametrize("content", [b"{}", b"[]", b"no json", b'{"hashes": [1]}'])
def test_profile_without_hashes_is_an_error(content: bytes) -> None:
    with pytest.raises(StorageFailed, match="has no hashes"):
        hashes_of_profile(content)


def test_dlib_tells_people_apart(yunet: FaceDetectorChain, photos: Any) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("face_recognition_models")
    embedder = DlibEmbedder()
    astronaut, cameraman = photos.pixels("astronaut.png"), photos.pixels("camera.png")
    darker = cv2.convertScaleAbs(changed(astronaut, "mirror"), alpha=0.7)
    known = embedder.embed(astronaut, yunet.detect(astronaut))
    (same,) = embedder.embed(darker, yunet.detect(darker))
    (other,) = embedder.embed(cameraman, yunet.detect(cameraman))
    near, far = nearest_face(same, known), nearest_face(other, known)
    assert near is not None
    assert far is not None
    assert near < 0.5 < far
    assert nearest_face(same, ()) is None
