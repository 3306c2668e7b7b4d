"""The learned head: what it is told, what it says, and when it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from engines.errors import GenerationFailed
from engines.metrics.defects.bands import (
    band_levels,
    standing_out,
    steps_on_grids,
    turned_levels,
)
from engines.metrics.defects.lines import NUMBERS as OF_LINES
from engines.metrics.defects.lines import line_numbers
from engines.quality import QualityConfig
from engines.quality.advice import weakest
from engines.quality.description import describe, turned
from engines.quality.head import FACTORS, Head, HeadMismatch, Opinion, shipped_head, together
from engines.quality.judging import Judgement, judge, measured
from engines.quality.score import Factors
from training.quality.fit import Told, fit
from training.quality.pictures.families import FAMILIES
from training.quality.pictures.forms import APART

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from engines.types import Pixels

ALONE = QualityConfig(head=False)
NAMES = ("one", "two", "three")


def factors(**lowered: float) -> Factors:
    first = ("sharpness", "detail", "noise", "tonal_range", "darkness", "plateau", "brightness")
    ones = dict.fromkeys((*first, "blockiness", "information"), 1.0)
    return Factors(**{**ones, **lowered})


def noise(side_px: int = 128) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(128, 20, (side_px, side_px)).astype(np.float32)


def test_the_shipped_head_names_the_families_that_it_was_trained_on() -> None:
    assert {*FAMILIES, APART} == set(FACTORS)
    assert set(FACTORS.values()) <= set(Factors.names())


def test_probabilities_of_families_sum_to_one_and_those_of_factors_too(
    photos: Mapping[str, Pixels],
) -> None:
    opinion = shipped_head().opinion(describe(measured(photos["coffee"], QualityConfig())[0]))
    assert set(opinion.families) == {*FAMILIES, APART}
    assert sum(opinion.families.values()) == pytest.approx(1, abs=1e-5)
    assert sum(opinion.factors().values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", ["white noise", "gray end", "tint", "stripes"])
def test_it_names_the_family_of_a_gross_defect(family: str, photos: Mapping[str, Pixels]) -> None:
    spoil, levels = FAMILIES[family]
    spoiled = spoil(photos["coffee"], levels[-1])
    opinion = judge(spoiled, QualityConfig()).opinion
    assert opinion is not None
    assert max(opinion.families, key=lambda name: opinion.families[name]) == family


def test_the_score_rises_with_both_that_have_a_say() -> None:
    scores = [together(0.5, Opinion(odds, {})) for odds in (-9.0, -1.0, 0.0, 1.0, 9.0)]
    assert scores == sorted(scores)
    assert scores[2] == pytest.approx(0.5)
    assert together(0.9, Opinion(0.0, {})) > together(0.1, Opinion(0.0, {}))
    assert 0 < together(0.1, Opinion(-50.0, {})) < together(1.0, Opinion(50.0, {})) <= 1
    assert together(0.0, Opinion(50.0, {})) == 0, "blank"


@pytest.mark.parametrize(
    "config",
    [
        ALONE,
        QualityConfig(defects=False),
        QualityConfig(profile="photo"),
        QualityConfig(profile="illustration"),
    ],
)
def test_it_is_asked_only_where_it_was_trained(
    config: QualityConfig, photos: Mapping[str, Pixels]
) -> None:
    assert judge(photos["coffee"], config).opinion is None
    assert judge(photos["coffee"], QualityConfig()).opinion is not None


def test_what_is_too_small_to_describe_is_judged_by_the_formula(
    photos: Mapping[str, Pixels],
) -> None:
    strip = np.ascontiguousarray(photos["coffee"][100:163])
    found = judge(strip, QualityConfig())
    assert found.opinion is None
    assert found.score == judge(strip, ALONE).score
    one_more = np.ascontiguousarray(photos["coffee"][100:164])
    assert judge(one_more, QualityConfig()).opinion is not None


@pytest.mark.parametrize(
    "shape", [(64, 64), (2048, 64), (64, 5000), (16000, 70), (97, 16384), (65, 66)]
)
@pytest.mark.parametrize("shown", ["black", "white", "noise", "ramp"])
def test_a_picture_of_any_shape_has_a_description_of_finite_numbers(
    shape: tuple[int, int], shown: str
) -> None:
    made = {
        "black": np.zeros(shape),
        "white": np.full(shape, 255.0),
        "noise": np.random.default_rng(0).uniform(0, 256, shape),
        "ramp": np.broadcast_to(np.linspace(0, 255, shape[1]), shape),
    }
    pixels = np.repeat(made[shown].astype(np.uint8)[..., None], 3, axis=2)
    told = describe(measured(pixels, QualityConfig())[0])
    assert np.isfinite(list(told.values())).all()
    assert 0 <= judge(pixels, QualityConfig()).score <= 1


def test_the_weakest_factor_is_that_of_the_family_that_the_head_names() -> None:
    lowered = factors(blockiness=0.7, noise=0.75)
    judged = Judgement(0.3, lowered, "auto:photo")
    assert weakest(judged, 0.5).factor == "blockiness"
    named = judged._replace(opinion=Opinion(-2.0, {"white noise": 0.9, "JPEG": 0.1}))
    told = weakest(named, 0.5)
    assert (told.factor, told.value) == ("noise", 0.75)
    assert told.threshold > told.value


def test_unless_the_head_is_sure_a_factor_that_the_formula_saw_lowered_goes_before_others() -> None:
    unsure = Opinion(-1, {"tint": 0.4, "moire": 0.3, "JPEG": 0.3})
    judged = Judgement(0.4, factors(noise=0.9), "auto:photo", opinion=unsure)
    assert weakest(judged, 0.5).factor == "noise"
    untouched = judged._replace(factors=factors())
    assert weakest(untouched, 0.5).factor == "cast"


def small_head(
    names: tuple[str, ...] = NAMES,
    families: tuple[str, ...] = ("tint",),
    turned: tuple[int, ...] = (0, 1, 2),
    first: NDArray[np.float32] | None = None,
) -> Head:
    sizes = {"first": (3, 4), "second": (4, 2), "last": (2, 2)}
    tensors = {"middle": np.zeros(3, np.float32), "spread": np.ones(3, np.float32)}
    tensors["turned"] = np.array(turned)
    for layer, (inputs, outputs) in sizes.items():
        tensors[f"{layer}.weight"] = np.ones((2, inputs, outputs), np.float32)
        tensors[f"{layer}.bias"] = np.zeros((2, outputs), np.float32)
    if first is not None:
        tensors["first.weight"] = first
    return Head(tensors, names, families)


def test_numbers_far_from_those_of_the_training_are_cut() -> None:
    head = small_head()
    far = head.opinion(dict.fromkeys(NAMES, 1e9)).log_odds
    assert far == head.opinion(dict.fromkeys(NAMES, 3.0)).log_odds
    assert far > head.opinion(dict.fromkeys(NAMES, 0.1)).log_odds


def test_what_does_not_fit_the_measurements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeadMismatch, match="other measurements"):
        small_head().opinion({"one": 1.0})
    with pytest.raises(HeadMismatch, match="another shape"):
        small_head(names=("one",))
    with pytest.raises(HeadMismatch, match="another shape"):
        small_head(turned=(0, 1, 3))
    with pytest.raises(HeadMismatch, match="unknown families"):
        small_head(families=("rain",))
    path = tmp_path / "head.safetensors"
    save_file({"middle": np.zeros(3, np.float32)}, path)
    with pytest.raises(GenerationFailed, match="does not load"):
        Head.read(path)


@pytest.mark.slow
def test_a_head_learns_what_tells_good_from_bad_and_keeps_the_order(tmp_path: Path) -> None:
    rng, told = np.random.default_rng(0), []
    for picture in range(40):
        at = rng.normal(0, 0.1, 3).astype(np.float32)
        for level in (0, 2, 5):
            values = at + np.array([0, level, 0], np.float32)
            family = "tint" if level else "clean"
            told.append(Told(str(picture), "photo", family, level, values))
    paths = [tmp_path / f"{number}.safetensors" for number in range(2)]
    for path in paths:
        fit(told, NAMES, path, seeds=(0,), steps=60)
    head, again = (Head.read(path) for path in paths)
    odds = [head.opinion({"one": 0, "two": level, "three": 0}).log_odds for level in (0, 2, 5)]
    assert odds[0] > odds[1] > odds[2]
    assert odds[0] > 0 > odds[2]
    told_again = again.opinion({"one": 0, "two": 2, "three": 0})
    assert told_again.log_odds == odds[1], "the same seed gives the same head"


def test_bands_of_noise_are_full_and_those_of_its_blur_are_not() -> None:
    rough = noise()
    soft = np.repeat(np.repeat(rough[::4, ::4], 4, axis=0), 4, axis=1)
    finest = [band_levels([plane, rough, rough])[:4] for plane in (rough, soft)]
    assert finest[0][3] < 0.1 < 0.9 < finest[1][3], "share of coefficients that are nought"
    assert finest[0][1] > finest[1][1] + 3
    assert len(band_levels([rough] * 3)) == 49


def test_rows_out_of_place_stand_out_and_columns_do_not() -> None:
    y, x = np.mgrid[:128, :128]
    smooth = (x + y).astype(np.float32)
    assert max(standing_out(smooth)[:4]) < 1
    out_of_place = [20, 40, 60, 80, 100]
    smooth[out_of_place] = np.roll(smooth[out_of_place], 40, axis=1)
    rows, columns = standing_out(smooth)[:4], standing_out(smooth)[5:9]
    assert rows[3] > 2
    assert max(columns) < 1


@pytest.mark.parametrize(("period_px", "place"), [(4, 0), (8, 1), (16, 2), (32, 3)])
def test_steps_that_come_regularly_are_seen_at_their_period(period_px: int, place: int) -> None:
    _, x = np.mgrid[:128, :128]
    squares = (37 * (x // period_px) % 64 + noise() / 40).astype(np.float32)
    columns, rows = steps_on_grids(squares)[:5], steps_on_grids(squares)[5:]
    assert columns[place] > 1
    assert max(rows) < 1


def test_numbers_of_rows_and_columns_change_places_when_a_picture_is_turned() -> None:
    rng = np.random.default_rng(0)
    gray = np.cumsum(rng.normal(0, 9, (128, 128)), axis=0).astype(np.float32)
    levels = np.array(band_levels([gray, gray, gray]))
    of_turned = band_levels([np.ascontiguousarray(gray.T), gray, gray])
    assert levels[turned_levels()] == pytest.approx(of_turned, abs=1e-3)
    names = [f"rows_{number}" for number in range(10)]
    names += [f"grids_{number}" for number in range(10)]
    names += [f"lines_{number}" for number in range(2 * OF_LINES)] + ["noise"]
    numbers = np.array([*standing_out(gray), *steps_on_grids(gray), *line_numbers(gray), 0.5])
    flipped = np.ascontiguousarray(gray.T)
    expected = [*standing_out(flipped), *steps_on_grids(flipped), *line_numbers(flipped), 0.5]
    assert numbers[_placed(names)] == pytest.approx(expected, abs=1e-3)


def _placed(names: list[str]) -> list[int]:
    others = [f"band_{number}" for number in range(49)]
    others += [f"regions_{number}" for number in range(16)]
    return [place - len(others) for place in turned([*others, *names])[len(others) :]]


def test_a_description_of_a_turned_picture_has_the_numbers_of_regions_exchanged(
    photos: Mapping[str, Pixels],
) -> None:
    square = np.ascontiguousarray(photos["coffee"][:256, :256])
    as_it_is = describe(measured(square, QualityConfig())[0])
    flipped = np.ascontiguousarray(square.transpose(1, 0, 2))
    of_turned = describe(measured(flipped, QualityConfig())[0])
    names = list(as_it_is)
    exchanged = np.array(list(as_it_is.values()))[turned(names)]
    for kind in ("regions", "lines", "blotches", "waves", "comb", "grids", "rows"):
        places = [place for place, name in enumerate(names) if name.startswith(f"{kind}_")]
        expected = [of_turned[names[place]] for place in places]
        assert exchanged[places] == pytest.approx(expected, abs=2e-3), kind


def test_a_head_says_the_same_of_a_turned_description() -> None:
    weights = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    both = small_head(turned=(1, 0, 2), first=weights)
    said = both.opinion({"one": 0.5, "two": -2.0, "three": 1.0}).log_odds
    assert both.opinion({"one": -2.0, "two": 0.5, "three": 1.0}).log_odds == pytest.approx(said)
