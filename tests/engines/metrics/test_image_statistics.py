"""Each metric against an image whose answer is known, and its direction on a photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from engines.images import ImageLimits, decode, encode_jpeg
from engines.metrics.color import colorfulness, saturation
from engines.metrics.gray import luma, shrunk
from engines.metrics.measurement import measure
from engines.metrics.noise import grain_sigma, without_specks
from engines.metrics.sharpness import laplacian_variance, sharpness_index
from engines.metrics.structure import blockiness, edge_density, flat_share, plateau_share
from engines.metrics.tone import histogram, tone

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(data.chelsea())


@pytest.fixture(scope="module")
def gray_cat(cat: Pixels) -> Gray:
    return luma(cat)


def flat(level: int, height: int = 64, width: int = 64) -> Gray:
    return np.full((height, width), level, np.uint8)


def grainy(sigma: float, seed: int = 0) -> Gray:
    grain = np.random.default_rng(seed).normal(128, sigma, (256, 256))
    return np.clip(np.rint(grain), 0, 255).astype(np.uint8)


def test_luma_is_bt601() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert luma(primaries).tolist() == [[76, 150, 29]]


def test_shrinking_averages_and_never_enlarges(gray_cat: Gray) -> None:
    small = shrunk(gray_cat, 100)
    assert max(small.shape) == 100
    assert abs(float(small.mean()) - float(gray_cat.mean())) < 0.5
    assert shrunk(small, 512) is small
    assert shrunk(flat(3, 2000, 1), 50).shape == (50, 1)


@pytest.mark.parametrize("sigma", [2, 5, 10, 20, 30])
def test_grain_is_found_in_its_own_unit(sigma: float) -> None:
    assert grain_sigma(grainy(sigma)) == pytest.approx(sigma, rel=0.04)


def test_a_flat_image_has_no_grain() -> None:
    assert grain_sigma(flat(90)) == 0
    assert grain_sigma(flat(0)) == 0


def test_texture_is_not_taken_for_grain(gray_cat: Gray) -> None:
    clean = grain_sigma(gray_cat)
    noisy = np.clip(gray_cat + np.random.default_rng(1).normal(0, 10, gray_cat.shape), 0, 255)
    assert clean < 2.5
    assert grain_sigma(noisy.astype(np.uint8)) == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("share", [0.002, 0.02, 0.1])
def test_specks_are_counted_and_removed(share: float) -> None:
    plane = flat(120, 256, 256)
    fate = np.random.default_rng(2).random(plane.shape)
    plane[fate < share] = 255
    plane[fate < share / 2] = 0
    cleaned, found, lonely = without_specks(plane)
    assert found == pytest.approx(share, rel=0.2)
    assert lonely == pytest.approx(found, rel=0.15)
    assert (cleaned != 120).mean() < share / 20


def test_a_photograph_has_no_specks(gray_cat: Gray) -> None:
    cleaned, found, _ = without_specks(gray_cat)
    assert found < 1e-4
    assert (cleaned != gray_cat).mean() < 1e-3


def test_noise_does_not_look_sharp(gray_cat: Gray) -> None:
    noisy = gray_cat + np.random.default_rng(3).normal(0, 12, gray_cat.shape)
    noisy_gray = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    raw = laplacian_variance(noisy_gray)
    corrected = laplacian_variance(noisy_gray, grain_sigma(noisy_gray))
    clean = laplacian_variance(gray_cat)
    assert raw > 3 * clean
    assert corrected < 2 * clean
    assert laplacian_variance(grainy(10), 12) == 0


def test_sharpness_index_spans_its_scale() -> None:
    assert sharpness_index(0) == 0
    assert sharpness_index(10**1.8 - 1) == pytest.approx(37.9, abs=0.1)
    assert sharpness_index(1e6) == 100


def test_blur_lowers_sharpness_at_every_step(gray_cat: Gray) -> None:
    blurred = [np.asarray(cv2.GaussianBlur(gray_cat, (0, 0), s)) for s in (0.5, 1, 2, 4)]
    indices = [sharpness_index(laplacian_variance(plane)) for plane in (gray_cat, *blurred)]
    assert indices == sorted(indices, reverse=True)


def test_tone_of_a_known_ramp() -> None:
    found = tone(histogram(np.arange(256, dtype=np.uint8).reshape(16, 16)))
    assert found.brightness == pytest.approx(0.5)
    assert found.contrast == pytest.approx(0.9, abs=0.01)
    assert found.span == pytest.approx(0.98, abs=0.01)
    assert found.blown == pytest.approx(4 / 256)
    assert found.crushed == pytest.approx(4 / 256)
    assert found.entropy_bits == pytest.approx(8)


@settings(max_examples=40)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 63))
def test_tone_of_two_levels(low: int, high: int, rows: int) -> None:
    plane = flat(low)
    plane[:rows] = high
    found = tone(histogram(plane))
    share = rows / 64
    assert found.brightness == pytest.approx((share * high + (1 - share) * low) / 255, abs=1e-6)
    assert 0 <= found.p1 <= found.p5 <= found.p95 <= found.p99 <= found.top <= 1
    assert 0 <= found.entropy_bits <= 1.000001


def test_percentiles_agree_with_numpy(gray_cat: Gray) -> None:
    found = tone(histogram(gray_cat))
    expected = np.percentile(gray_cat, (1, 5, 95, 99)) / 255
    np.testing.assert_allclose((found.p1, found.p5, found.p95, found.p99), expected, atol=1.5 / 255)


def test_blockiness_grows_with_compression_and_survives_a_crop(cat: Pixels) -> None:
    files = [encode_jpeg(cat, quality) for quality in (80, 50, 30, 15, 6)]
    pictures = [decode(content, ImageLimits()).pixels for content in files]
    seen = [blockiness(luma(picture)) for picture in (cat, *pictures)]
    assert seen[0] < 0.15
    assert seen == sorted(seen)
    assert seen[-1] > 1.5
    cropped = luma(np.ascontiguousarray(pictures[3][3:, 5:]))
    assert blockiness(cropped) == pytest.approx(seen[4], rel=0.15)


def test_blockiness_of_tiny_and_flat_images_is_zero() -> None:
    assert blockiness(flat(9, 5, 5)) == 0
    assert blockiness(flat(9)) == pytest.approx(0, abs=1e-6)


def test_a_washed_out_sky_is_seen_even_when_darkened(gray_cat: Gray) -> None:
    sky = gray_cat.copy()
    sky[:100] = 255
    darker = (sky * 0.6).astype(np.uint8)
    share = 100 / sky.shape[0]
    assert plateau_share(sky, 1.0) == pytest.approx(share, abs=0.02)
    assert plateau_share(darker, tone(histogram(darker)).top) == pytest.approx(share, abs=0.02)
    assert plateau_share(gray_cat, tone(histogram(gray_cat)).top) < 0.01


def test_edges_and_flat_blocks() -> None:
    plane = flat(50)
    assert (edge_density(plane), flat_share(plane)) == (0, 1)
    plane[:, 30:] = 200
    assert 0.01 < edge_density(plane) < 0.05
    assert flat_share(plane) == 7 / 8
    assert flat_share(grainy(30)) == 0


def test_colorfulness_follows_its_paper() -> None:
    gray = np.repeat(grainy(20)[..., None], 3, axis=2)
    assert colorfulness(gray) == pytest.approx(0)
    rng = np.random.default_rng(0)
    vivid = rng.choice(np.array([0, 255], np.uint8), (64, 64, 3))
    red, green, blue = (vivid[..., i].astype(float) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    deviation, mean = np.hypot(rg.std(), yb.std()), np.hypot(rg.mean(), yb.mean())
    assert colorfulness(vivid) == pytest.approx(deviation + 0.3 * mean, rel=1e-4)
    assert colorfulness(vivid) > 109


def test_saturation_of_gray_and_red() -> None:
    assert saturation(np.full((8, 8, 3), 77, np.uint8)) == 0
    assert saturation(np.full((8, 8, 3), (200, 0, 0), np.uint8)) == 1
    assert saturation(np.full((8, 8, 3), (200, 100, 100), np.uint8)) == pytest.approx(0.5, abs=0.01)


def test_a_measurement_holds_at_every_size(cat: Pixels) -> None:
    found = measure(cat)
    big = measure(np.asarray(cv2.resize(cat, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)))
    assert big.tone.contrast == pytest.approx(found.tone.contrast, abs=0.02)
    ratio = big.laplacian_variance / found.laplacian_variance
    assert 0.3 < ratio < 1.5
    for shape in ((1, 1, 3), (2, 700, 3), (1200, 3, 3)):
        measure(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
