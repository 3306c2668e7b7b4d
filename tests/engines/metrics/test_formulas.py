"""Each metric against its definition, written out in numpy and scipy without any shortcut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import fft, ndimage, stats
from skimage import color, data

from engines.metrics.color import colorfulness, saturation
from engines.metrics.defects.fine import mixed
from engines.metrics.defects.neighbors import neighbors, next_to_second, next_to_second_column
from engines.metrics.defects.palette import level_share, packed, palette_size
from engines.metrics.gray import luma
from engines.metrics.noise import grain, without_specks
from engines.metrics.phash import hamming, phash64, phash64_with_mirror
from engines.metrics.sharpness import laplacian_variance, sharpness_index
from engines.metrics.structure import edge_density, flat_share
from engines.metrics.tone import histogram, tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray
    from engines.types import Pixels


@pytest.fixture(scope="module", params=["cat", "coffee", "noise", "one color"])
def picture(request: pytest.FixtureRequest) -> Pixels:
    drawn = np.random.default_rng(1).integers(0, 256, (96, 130, 3)).astype(np.uint8)
    pictures = {
        "cat": data.chelsea()[100:228, 150:300],
        "coffee": data.coffee()[100:250, 200:310],
        "noise": drawn,
        "one color": np.full((64, 80, 3), (200, 30, 60), np.uint8),
    }
    return np.ascontiguousarray(pictures[request.param])


@pytest.fixture(scope="module")
def gray(picture: Pixels) -> Gray:
    return luma(picture)


def planes(pixels: Pixels) -> tuple[Gray, Gray, Gray]:
    red, green, blue = (np.ascontiguousarray(pixels[..., n]) for n in range(3))
    return red, green, blue


# Color


def test_luma_is_the_weighted_sum_of_the_channels(picture: Pixels) -> None:
    exact = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma(picture) - exact).max() <= 1


def test_colorfulness_is_the_formula_of_hasler_and_suesstrunk(picture: Pixels) -> None:
    red, green, blue = (plane.astype(float) for plane in planes(picture))
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert colorfulness(picture) == pytest.approx(float(expected), rel=1e-3)


def test_saturation_is_that_of_hsv(picture: Pixels) -> None:
    assert saturation(picture) == pytest.approx(
        float(color.rgb2hsv(picture)[..., 1].mean()), abs=3e-3
    )


# Tone


def test_shares_of_levels_are_those_of_numpy(gray: Gray) -> None:
    counts = np.bincount(gray.ravel(), minlength=256)
    np.testing.assert_allclose(histogram(gray), counts / gray.size, atol=1e-7)


def test_a_part_of_a_picture_has_a_histogram_of_its_own(gray: Gray) -> None:
    shown = np.zeros_like(gray)
    shown[:10] = 1  # any value but 0 shows
    counts = np.bincount(gray[:10].ravel(), minlength=256)
    np.testing.assert_allclose(histogram(gray, shown), counts / counts.sum(), atol=1e-7)


def test_tone_is_what_numpy_and_scipy_say_of_the_pixels(gray: Gray) -> None:
    found = tone(histogram(gray))
    assert found.brightness == pytest.approx(float(gray.mean()) / 255, abs=1e-6)
    for share, value in ((1, found.p1), (5, found.p5), (95, found.p95), (99, found.p99)):
        expected = float(np.percentile(gray, share, method="inverted_cdf"))
        assert value * 255 == pytest.approx(expected, abs=1)
    assert found.blown == pytest.approx(float((gray >= 252).mean()), abs=1e-7)
    assert found.crushed == pytest.approx(float((gray <= 3).mean()), abs=1e-7)
    counts = np.bincount(gray.ravel())
    assert found.entropy_bits == pytest.approx(float(stats.entropy(counts, base=2)), abs=1e-6)


def test_contrast_and_span_are_ranges_of_percentiles(gray: Gray) -> None:
    found = tone(histogram(gray))
    assert found.contrast == found.p95 - found.p5
    assert found.span == found.p99 - found.p1
    assert 0 <= found.contrast <= found.span <= 1


# Sharpness and noise


def test_the_energy_of_the_laplacian_is_that_of_scipy(gray: Gray) -> None:
    bends = ndimage.laplace(gray.astype(float), mode="mirror")
    assert laplacian_variance(gray) == pytest.approx(float(bends.var()), rel=1e-4, abs=1e-6)


def test_noise_is_taken_off_and_never_more_than_there_is(gray: Gray) -> None:
    plain = laplacian_variance(gray)
    half = laplacian_variance(gray, 2.0, 0.5)
    assert half == pytest.approx(max(plain - 20 * 0.5 * 4, 0), rel=1e-6)
    assert laplacian_variance(gray, 1e4) == 0


@pytest.mark.parametrize(("variance", "index"), [(0, 0), (4.0, 0), (140, 50), (4000, 100)])
def test_the_index_of_sharpness_is_as_it_is_described(variance: float, index: float) -> None:
    assert sharpness_index(variance) == pytest.approx(index, abs=1)
    assert sharpness_index(1e12) == 100


def test_grain_is_the_quantile_of_immerkaers_mask(gray: Gray) -> None:
    """Block by block, in floats, without the trick of halving."""
    line = np.array([1.0, -2, 1])
    response = np.abs(ndimage.convolve(gray.astype(float), np.outer(line, line), mode="mirror"))
    rows, columns = gray.shape[0] // 16, gray.shape[1] // 16

    def means(plane: NDArray[Any]) -> NDArray[Any]:
        cut = plane[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16)
        return np.asarray(cut.mean(axis=(1, 3)))

    sigmas, levels = means(response) * np.sqrt(np.pi / 2) / 6, means(gray.astype(float))
    usable = sigmas[(levels >= 12) & (levels <= 243)]
    found = grain(gray)
    assert found.sigma == pytest.approx(float(np.quantile(usable, 0.2)) / 0.926, abs=0.25)
    assert found.share == pytest.approx(usable.size / sigmas.size, abs=0.03)


def test_specks_are_outliers_that_are_black_or_white(gray: Gray) -> None:
    median = ndimage.median_filter(gray, 3, mode="nearest").astype(int)
    outlying = np.abs(gray - median) > 50
    extreme = outlying & ((gray <= 6) | (gray >= 249))
    cleaned, share, _ = without_specks(gray)
    expected = extreme.sum() ** 2 / max(1, outlying.sum()) / gray.size
    assert share == pytest.approx(float(expected), abs=1e-9)
    assert np.array_equal(cleaned, np.where(extreme, median, gray))


# Structure


def test_flat_blocks_span_at_most_four_levels(gray: Gray) -> None:
    """The window of dilation reaches over the block by a pixel at most: counted both ways."""
    rows, columns = gray.shape[0] // 8, gray.shape[1] // 8
    blocks = gray[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).astype(int)
    flat = (blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3))) <= 4
    assert flat_share(gray) == pytest.approx(float(flat.mean()), abs=0.02)


def test_edges_are_a_share(gray: Gray) -> None:
    assert 0 <= edge_density(gray) <= 0.6


def test_rows_are_held_against_the_next_and_the_second_next(gray: Gray) -> None:
    levels = gray.astype(float)
    one, two = np.abs(np.diff(levels, axis=0)).mean(), np.abs(levels[2:] - levels[:-2]).mean()
    assert next_to_second(gray) == pytest.approx(float(one / (two + 0.1)), rel=1e-5)
    turned = np.ascontiguousarray(gray.T)
    assert next_to_second_column(turned) == pytest.approx(next_to_second(gray), rel=1e-9)


def test_neighbors_that_differ_are_counted_over_all_channels(picture: Pixels, gray: Gray) -> None:
    apart = [np.abs(np.diff(picture.astype(int), axis=axis)).max(axis=2) for axis in (0, 1)]
    both = np.concatenate([each.ravel() for each in apart])
    found = neighbors(planes(picture), gray)
    assert found.transitions == pytest.approx(float((both > 0).mean()), abs=1e-9)
    steps = both[both > 0]
    assert found.step == pytest.approx(float(steps.mean()) if steps.size else 0, rel=1e-6)


def test_a_picture_in_which_nothing_twists_is_smooth() -> None:
    """A sum of a row and of a column has no mixed second difference."""
    rows, columns = np.arange(192)[:, None] % 16 * 7, np.arange(192)[None] % 12 * 11
    assert mixed((rows + columns).astype(np.uint8)) == 0


# Palette


def test_the_palette_is_the_fewest_colors_that_cover_nearly_all(picture: Pixels) -> None:
    coarse = (picture[::2, ::2] >> 4).reshape(-1, 3)
    _, counts = np.unique(coarse, axis=0, return_counts=True)
    covered = np.cumsum(np.sort(counts)[::-1]) / len(coarse)
    assert palette_size(planes(picture)) == int(np.argmax(covered >= 0.95)) + 1


def test_packed_colors_are_as_many_as_there_are(picture: Pixels) -> None:
    expected = len(np.unique(picture.reshape(-1, 3), axis=0))
    assert len(np.unique(packed(picture))) == expected


def test_levels_of_a_channel_are_a_share(picture: Pixels) -> None:
    assert 0 < level_share(planes(picture)) <= 1


# Perceptual hash


def test_a_hash_is_the_signs_of_the_lowest_frequencies() -> None:
    """Of a picture that is 32 pixels a side already, by scipy's cosine transform."""
    pixels = np.ascontiguousarray(data.chelsea()[100:132, 200:232])
    waves = fft.dctn(luma(pixels).astype(float), norm="ortho")[:8, :8]
    bits = "".join("1" if each else "0" for each in (waves > np.median(waves)).ravel())
    assert phash64(pixels) == int(bits, 2)


def test_half_of_the_bits_are_set(picture: Pixels) -> None:
    if picture.std(axis=(0, 1)).max() > 0:
        assert phash64(picture).bit_count() == 32


def test_the_mirror_of_the_mirror_is_the_picture(picture: Pixels) -> None:
    own, mirror = phash64_with_mirror(picture)
    turned = phash64_with_mirror(np.ascontiguousarray(picture[:, ::-1]))
    assert hamming(turned[0], mirror) <= 4
    assert hamming(turned[1], own) <= 4


@pytest.mark.parametrize(
    ("left", "right", "bits"),
    [(0, 0, 0), (0, 2**64 - 1, 64), (2**63, 0, 1), (0b1010, 0b0101, 4), (7, 7, 0)],
)
def test_bits_that_differ_are_counted_both_ways(left: int, right: int, bits: int) -> None:
    assert hamming(left, right) == hamming(right, left) == bits
