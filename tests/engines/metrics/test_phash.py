from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.images import ImageLimits, decode, encode_jpeg
from engines.metrics.phash import hamming, phash64, phash64_with_mirror

if TYPE_CHECKING:
    from engines.types import Pixels

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")


def photo(name: str) -> Pixels:
    return np.asarray(getattr(data, name)(), dtype=np.uint8)[..., :3]


@pytest.mark.parametrize("name", PHOTOS)
def test_same_picture_other_file(name: str) -> None:
    pixels = photo(name)
    half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    recompressed = decode(encode_jpeg(pixels, 30), ImageLimits()).pixels
    assert hamming(phash64(pixels), phash64(half)) <= 6
    assert hamming(phash64(pixels), phash64(recompressed)) <= 6


@pytest.mark.parametrize("name", PHOTOS)
def test_mirror_hash_is_the_hash_of_the_mirror(name: str) -> None:
    pixels = photo(name)
    mirrored = np.ascontiguousarray(pixels[:, ::-1])
    hashed, mirror = phash64_with_mirror(pixels)
    assert hashed == phash64(pixels)
    assert hamming(mirror, phash64(mirrored)) <= 2
    assert hamming(hashed, phash64(mirrored)) > 10


def test_different_pictures_are_far_apart() -> None:
    hashes = [phash64(photo(name)) for name in PHOTOS]
    assert min(hamming(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 14


def test_fits_unsigned_64_bits() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    assert 0 <= phash64(noise) < 2**64
    assert phash64(np.zeros((1, 1, 3), np.uint8)) in range(2**64)
