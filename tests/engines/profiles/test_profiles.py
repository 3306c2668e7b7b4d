"""Profiles: statistics that merge, comparisons that mean something, files that survive."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.profiles import ProfileBuilder, match_colors
from engines.profiles.comparison import compare, wasserstein
from engines.profiles.measures import lab_of
from engines.profiles.statistics import Moments
from tests.engines.profiles.pictures import PHOTOS, built, noise, photo

if TYPE_CHECKING:
    from engines.types import Pixels


@given(st.lists(st.floats(-1e3, 1e3), min_size=1), st.lists(st.floats(-1e3, 1e3), min_size=1))
def test_merged_moments_are_those_of_all_values(left: list[float], right: list[float]) -> None:
    def moments(values: list[float]) -> Moments:
        found = Moments()
        for value in values:
            found.add(value)
        return found

    merged = moments(left)
    merged.merge(moments(right))
    together = left + right
    assert merged.mean == pytest.approx(np.mean(together), abs=1e-6)
    assert merged.deviation == pytest.approx(np.std(together), abs=1e-4)


@settings(max_examples=10)
@given(st.integers(1, 3))
def test_merging_builders_is_adding_their_images(split: int) -> None:
    pictures = [noise(seed) for seed in range(4)]
    whole = built(*pictures).statistics()
    parts = built(*pictures[:split])
    parts.merge(built(*pictures[split:]))
    merged = parts.statistics()
    np.testing.assert_allclose(flat(merged), flat(whole), rtol=1e-6, atol=1e-6)


def flat(statistics: Any) -> list[float]:
    if isinstance(statistics, dict):
        return [x for key in sorted(statistics) for x in flat(statistics[key])]
    if isinstance(statistics, list):
        return [x for item in statistics for x in flat(item)]
    return [] if isinstance(statistics, str) else [float(statistics)]


def test_a_weight_counts_an_image_more_often() -> None:
    dark, bright = np.full((16, 16, 3), 0, np.uint8), np.full((16, 16, 3), 255, np.uint8)
    builder = built(dark)
    builder.merge(built(bright), weight=3.0)
    assert cast("float", builder.statistics()["brightness_mean"]) == pytest.approx(0.75)
    assert builder.sample_count == 2


def test_the_state_continues_where_it_stopped() -> None:
    first = built(noise(1), noise(2))
    again = ProfileBuilder.from_state(json.loads(json.dumps(first.state())))
    first.add(noise(3))
    again.add(noise(3))
    np.testing.assert_allclose(flat(first.statistics()), flat(again.statistics()), rtol=1e-9)


def test_the_references_keys_are_there() -> None:
    found = built(np.full((10, 20, 3), (255, 0, 51), np.uint8)).statistics()
    colors = cast("dict[str, float]", found["color_distribution"])
    assert colors["red_mean"] == pytest.approx(1.0)
    assert colors["green_mean"] == pytest.approx(0.0)
    assert colors["blue_mean"] == pytest.approx(0.2)
    resolution = cast("dict[str, float]", found["resolution"])
    assert (resolution["width_mean"], resolution["height_mean"]) == (20, 10)
    (dominant,) = cast("list[dict[str, Any]]", found["dominant_colors"])
    assert dominant["share"] == 1.0


def test_a_profile_conforms_to_itself_and_less_to_others() -> None:
    photos = [photo(name).copy() for name in ("coffee.png", "chelsea.png", "rocket.jpg")]
    real = built(*photos).statistics()
    dimmed = built(*(cast("Pixels", (p * 0.6).astype(np.uint8)) for p in photos)).statistics()
    junk = built(noise(1), noise(2)).statistics()
    scores = [compare(real, other, ("a", "b")).conformance for other in (real, dimmed, junk)]
    assert scores[0] == 100.0
    assert scores[0] > scores[1] > scores[2]


def test_wasserstein_knows_how_far_and_that_hue_is_a_circle() -> None:
    def at(bin_: int) -> list[float]:
        return [float(index == bin_) for index in range(32)]

    assert wasserstein(at(0), at(0)) == 0
    assert wasserstein(at(0), at(16)) == pytest.approx(0.5)
    assert wasserstein(at(0), at(31), circular=True) < 0.05


def test_colors_move_to_the_profile_by_strength() -> None:
    target = built(noise(5, tint=(50, 0, 0))).statistics()
    picture = noise(6, tint=(0, 0, 50))

    def distance(strength: float) -> float:
        means = cast("dict[str, float]", target["means"])
        wanted = np.array([means[f"lab_{axis}"] for axis in "lab"])
        matched = match_colors(picture, target, strength)
        return float(np.linalg.norm(lab_of(matched).reshape(-1, 3).mean(axis=0) - wanted))

    assert np.array_equal(match_colors(picture, target, 0.0), picture)
    assert distance(0.0) > distance(0.5) > distance(1.0)
    assert distance(1.0) < 3


def test_the_photographs_are_those_of_the_provenance_table() -> None:
    import skimage.data

    table = files("engines.profiles").joinpath("data/README.md").read_text()
    for name in PHOTOS:
        content = Path(skimage.data.__file__).with_name(name).read_bytes()
        row = next(line for line in table.splitlines() if f"`{name}`" in line)
        assert hashlib.sha256(content).hexdigest() in row


def test_the_shipped_profile_is_that_of_the_photographs() -> None:
    resource = files("engines.profiles").joinpath("data/stream_sample_photos.json")
    shipped = json.loads(resource.read_bytes())
    rebuilt = built(*(photo(name) for name in PHOTOS)).statistics()
    for name, value in cast("dict[str, float]", rebuilt["means"]).items():
        assert shipped["statistics"]["means"][name] == pytest.approx(value, rel=0.001, abs=1e-4), (
            name
        )
