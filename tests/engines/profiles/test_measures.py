"""What one image adds to a profile, and what a profile does to one: against plain definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import pytest
from scipy.stats import wasserstein_distance
from skimage import color, data

from engines.profiles.colors import match_colors
from engines.profiles.comparison import (
    COMPARED_MEANS,
    HISTOGRAM_SCALE,
    LEAST_DEVIATION,
    compare,
    wasserstein,
)
from engines.profiles.dominant import COLORS, dominant_colors
from engines.profiles.matching import ColorMatching
from engines.profiles.measures import (
    HISTOGRAM_BINS,
    LAB_BINS,
    MEASURED_SIDE_PX,
    lab_of,
    measure,
)
from engines.profiles.statistics import ProfileBuilder
from engines.types import GeneratedImage, GenerationRequest, Profile
from tests.engines.types.examples import NOW

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.types import Pixels

SHADES = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (119, 119, 119),
}


def flat(shade: tuple[int, int, int], height: int = 16, width: int = 24) -> Pixels:
    return np.full((height, width, 3), shade, np.uint8)


def statistics_of(*pictures: Pixels) -> dict[str, JsonValue]:
    builder = ProfileBuilder()
    for pixels in pictures:
        builder.add(pixels)
    return builder.statistics()


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(data.chelsea()[::3, ::3])


@pytest.fixture(scope="module")
def coffee() -> Pixels:
    return np.ascontiguousarray(data.coffee()[::4, ::4])


# Measures


@pytest.mark.parametrize("name", SHADES)
def test_every_histogram_of_every_color_sums_to_one(name: str) -> None:
    found = measure(flat(SHADES[name]))
    for histogram, shares in found.histograms.items():
        assert shares.sum() == pytest.approx(1), histogram
        assert (shares >= 0).all()
        assert len(shares) == (LAB_BINS**3 if histogram == "lab" else HISTOGRAM_BINS)


@pytest.mark.parametrize("name", SHADES)
def test_a_profile_of_one_color_has_that_color(name: str) -> None:
    """Also the bluest blue, which lies at the edge of what is counted."""
    (found, *others) = cast(
        "list[dict[str, Any]]", statistics_of(flat(SHADES[name]))["dominant_colors"]
    )
    assert (found["share"], others) == (1.0, [])
    seen = tuple(int(found["hex"][at : at + 2], 16) for at in (1, 3, 5))
    far = color.deltaE_cie76(*(color.rgb2lab(np.array(c) / 255) for c in (seen, SHADES[name])))
    assert far < 30


def test_measures_are_finite_for_pictures_of_any_shape(cat: Pixels) -> None:
    for pixels in (cat[:1, :1], cat[:1], cat[:, :1], cat[:3, :90]):
        found = measure(np.ascontiguousarray(pixels))
        assert np.isfinite(list(found.scalars.values())).all()
        assert found.scalars["aspect"] == pixels.shape[1] / pixels.shape[0]


def test_lab_is_that_of_skimage(cat: Pixels) -> None:
    np.testing.assert_allclose(lab_of(cat), color.rgb2lab(cat), atol=0.5)


def test_channels_and_spreads_are_means_over_the_pixels(cat: Pixels) -> None:
    scalars = measure(cat).scalars
    for place, name in enumerate(("red", "green", "blue")):
        assert scalars[name] == pytest.approx(float(cat[..., place].mean()) / 255, abs=1e-6)
    lab = color.rgb2lab(cat).reshape(-1, 3)
    for place, name in enumerate("lab"):
        assert scalars[f"lab_{name}"] == pytest.approx(float(lab[:, place].mean()), abs=0.2)
        assert scalars[f"lab_{name}_spread"] == pytest.approx(float(lab[:, place].std()), abs=0.2)


def test_a_large_picture_is_measured_as_a_viewer_sees_it(cat: Pixels) -> None:
    large = np.asarray(cv2.resize(cat, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC))
    assert max(large.shape) > MEASURED_SIDE_PX
    small, found = measure(cat).scalars, measure(large).scalars
    assert (found["width"], found["height"]) == (8 * small["width"], 8 * small["height"])
    for name in ("red", "brightness", "saturation", "lab_b", "aspect"):
        assert found[name] == pytest.approx(small[name], rel=0.05), name


def test_gray_pictures_have_every_hue_and_none() -> None:
    hue = measure(flat(SHADES["gray"])).histograms["hue"]
    assert hue.tolist() == [1 / HISTOGRAM_BINS] * HISTOGRAM_BINS


# Dominant colors


def test_the_heaviest_color_comes_first_with_its_share() -> None:
    pixels = flat(SHADES["red"], 10, 10)
    pixels[:, :3] = SHADES["green"]
    first, second = cast("list[dict[str, Any]]", statistics_of(pixels)["dominant_colors"])
    assert (first["share"], second["share"]) == (0.7, 0.3)
    assert int(first["hex"][1:3], 16) > 200
    assert int(second["hex"][3:5], 16) > 200


@pytest.mark.parametrize("count", [1, 2, COLORS, 40])
def test_no_more_colors_are_named_than_there_are(count: int) -> None:
    shares = np.zeros(LAB_BINS**3)
    shares[[5, 700, 1500]] = (0.5, 0.3, 0.2)
    found = cast("list[dict[str, Any]]", dominant_colors(shares, count))
    assert len(found) == min(count, 3)
    assert sum(each["share"] for each in found) == pytest.approx(1)


def test_colors_do_not_depend_on_chance(cat: Pixels) -> None:
    shares = measure(cat).histograms["lab"]
    assert dominant_colors(shares) == dominant_colors(shares.copy())


# Comparison


@pytest.mark.parametrize("seed", range(4))
def test_the_distance_of_histograms_is_that_of_scipy(seed: int) -> None:
    left, right = np.random.default_rng(seed).dirichlet(np.ones(HISTOGRAM_BINS), 2)
    places = np.arange(HISTOGRAM_BINS) / HISTOGRAM_BINS
    expected = wasserstein_distance(places, places, left, right)
    assert wasserstein(left.tolist(), right.tolist()) == pytest.approx(float(expected))


@pytest.mark.parametrize("seed", range(4))
def test_on_a_circle_it_is_the_least_over_all_cuts(seed: int) -> None:
    left, right = np.random.default_rng(seed).dirichlet(np.ones(12), 2)
    cuts = [
        wasserstein(np.roll(left, cut).tolist(), np.roll(right, cut).tolist()) for cut in range(12)
    ]
    found = wasserstein(left.tolist(), right.tolist(), circular=True)
    assert found == pytest.approx(min(cuts), abs=1e-9)


def test_conformance_is_the_mean_closeness_of_all_distances(cat: Pixels, coffee: Pixels) -> None:
    found = compare(statistics_of(cat), statistics_of(coffee), ("cat", "coffee"))
    closeness = []
    for name, distance in found.distances.items():
        scale = HISTOGRAM_SCALE if name.endswith("_wasserstein") else 1.0
        closeness.append(np.exp(-distance / scale))
    assert found.conformance == pytest.approx(100 * float(np.mean(closeness)), abs=0.1)
    assert (found.left, found.right) == ("cat", "coffee")


def test_a_comparison_is_the_same_from_either_side(cat: Pixels, coffee: Pixels) -> None:
    sides = statistics_of(cat, coffee), statistics_of(coffee)
    there, back = compare(*sides, ("a", "b")), compare(*sides[::-1], ("b", "a"))
    assert there.conformance == back.conformance
    assert there.distances == pytest.approx(dict(back.distances))


def test_what_is_not_seen_is_no_difference_however_small_the_deviation(cat: Pixels) -> None:
    """Profiles of one image have no deviation: the least that is seen stands in its place."""
    left = statistics_of(cat)
    for name in COMPARED_MEANS:
        means = {**cast("dict[str, float]", left["means"])}
        means[name] += LEAST_DEVIATION[name]
        found = compare(left, {**left, "means": cast("JsonValue", means)}, ("a", "b"))
        assert found.distances[f"{name}_difference"] == pytest.approx(1, abs=1e-3), name


# Color matching


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_colors_move_by_their_share_of_the_way(
    cat: Pixels, coffee: Pixels, strength: float
) -> None:
    target = measure(coffee).scalars
    found = lab_of(match_colors(cat, statistics_of(coffee), strength)).reshape(-1, 3).mean(axis=0)
    before = lab_of(cat).reshape(-1, 3).mean(axis=0)
    goal = np.array([target[f"lab_{axis}"] for axis in "lab"])
    np.testing.assert_allclose(found, before + strength * (goal - before), atol=4)


def test_strength_zero_is_a_copy_and_never_the_picture_itself(cat: Pixels) -> None:
    found = match_colors(cat, {}, 0)
    assert np.array_equal(found, cat)
    found[:] = 0
    assert cat.any()


@pytest.mark.parametrize("name", SHADES)
def test_a_flat_picture_takes_the_mean_color_and_gains_no_grain(name: str, cat: Pixels) -> None:
    found = match_colors(flat(SHADES[name]), statistics_of(cat))
    assert (found == found[0, 0]).all()
    assert found.shape == (16, 24, 3)
    assert found.dtype == np.uint8


class Counting:
    """Profiles that count how often they are read."""

    def __init__(self, statistics: dict[str, JsonValue]) -> None:
        self.asked: list[str] = []
        self._statistics = statistics

    def get(self, name: str) -> Profile:
        self.asked.append(name)
        return Profile(name, NOW, NOW, 1, f"profiles/{name}", self._statistics)


def made(profile: str | None, pixels: Pixels) -> tuple[GenerationRequest, GeneratedImage]:
    request = GenerationRequest(
        *("i", "a fox", "mini", 24, 16, 4, 5.0, 7), profile=profile, profile_strength=0.5
    )
    return request, GeneratedImage(pixels, "mini", None, "DDIM", {}, notes=("stand-in",))


def test_an_image_of_no_profile_stays_itself(cat: Pixels) -> None:
    request, image = made(None, cat)
    source = Counting({})
    assert ColorMatching(source)(request, image) is image
    assert source.asked == []


def test_a_matched_image_says_so_behind_what_was_said_before(cat: Pixels) -> None:
    request, image = made("office", flat(SHADES["gray"]))
    found = ColorMatching(Counting(statistics_of(cat)))(request, image)
    assert found.notes[0] == "stand-in"
    assert "profile office at strength 0.5" in found.notes[1]
    assert not np.array_equal(found.pixels, image.pixels)


@pytest.mark.parametrize(("remember", "times"), [(True, 1), (False, 3)])
def test_a_profile_is_read_once_only_where_it_cannot_change(
    cat: Pixels, remember: bool, times: int
) -> None:
    source = Counting(statistics_of(cat))
    matching = ColorMatching(source, remember)
    for _ in range(3):
        matching(*made("office", flat(SHADES["gray"])))
    assert source.asked == ["office"] * times
