"""Other forms of the families of defects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data

from training.quality.pictures.families import FAMILIES
from training.quality.pictures.form import Form
from training.quality.pictures.forms import APART, FORMS, LATER, MILDER, OUT_OF_REGISTER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

EACH = [(family, form) for family, forms in FORMS.items() for form in dict.fromkeys(forms)]
EACH += [OUT_OF_REGISTER, *LATER, *MILDER]
NAMED = [f"{family}: {form.__name__}" for family, form in EACH]
SEEDS = range(6)


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return np.ascontiguousarray(skimage.data.coffee()[:384:2, :512:2])


def far(pixels: Pixels, photo: Pixels) -> float:
    """Root of the mean squared difference, gray levels; pictures of other sizes are far."""
    if pixels.shape != photo.shape:
        return 255.0
    return float(np.sqrt(np.mean((pixels.astype(float) - photo) ** 2)))


def test_every_form_is_of_a_family() -> None:
    assert {family for family, _ in EACH} < {*FAMILIES, APART}


@pytest.mark.parametrize(("family", "form"), EACH, ids=NAMED)
def test_the_worst_level_is_further_from_the_picture_than_the_first(
    family: str, form: Form, photo: Pixels
) -> None:
    for seed in SEEDS:
        spoil, levels = form(np.random.default_rng(seed))
        first, worst = (spoil(photo, levels[nth]) for nth in (0, -1))
        assert len(levels) == 5
        assert worst.dtype == np.uint8
        assert worst.shape[2:] == (3,)
        assert far(worst, photo) > 4
        assert far(worst, photo) >= far(first, photo)


@pytest.mark.parametrize(("family", "form"), EACH, ids=NAMED)
def test_a_form_is_the_same_each_time_and_leaves_the_picture_as_it_was(
    family: str, form: Form, photo: Pixels
) -> None:
    before = photo.copy()
    once, again = (form(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(once[0](photo, once[1][2]), again[0](photo, again[1][2]))
    assert np.array_equal(photo, before)


def test_forms_differ_from_seed_to_seed(photo: Pixels) -> None:
    for family in ("motion blur", "stripes", "moire", "tint", "gray end"):
        form = FORMS[family][0]
        made = [form(np.random.default_rng(seed)) for seed in SEEDS]
        pictures = {spoil(photo, levels[-1]).tobytes() for spoil, levels in made}
        assert len(pictures) > 2, family


def test_a_plain_part_has_one_color_and_at_most_a_fifth_of_the_picture(photo: Pixels) -> None:
    for family, most in (("gray end", 0.2), ("dead rows", 0.06)):
        form = dict(LATER)[family]
        ends = set()
        for seed in range(12):
            spoil, levels = form(np.random.default_rng(seed))
            spoiled = spoil(photo, levels[-1])
            rows, columns = ((spoiled != photo).any(axis=axis) for axis in ((1, 2), (0, 2)))
            share = min(rows.mean(), columns.mean())
            assert 0.8 * most < share <= 1.2 * most
            where = np.ix_(rows, columns)
            assert len(np.unique(spoiled[where].reshape(-1, 3), axis=0)) == 1
            ends.add((int(rows.argmax()), int(columns.argmax())))
        assert len(ends) > 2


def test_a_curve_changes_levels_in_one_direction(photo: Pixels) -> None:
    forms = dict(LATER)
    for seed in range(3):
        for family, sign in (("over-exposed", 1), ("under-exposed", -1)):
            spoil, levels = forms[family](np.random.default_rng(seed))
            means = [float(spoil(photo, level).mean()) for level in levels]
            assert sorted(means, key=lambda mean: sign * mean) == means
            assert sign * (means[0] - float(photo.mean())) > 0


def test_displaced_channels_keep_their_values_and_one_stays_in_place(photo: Pixels) -> None:
    for seed in SEEDS:
        spoil, levels = OUT_OF_REGISTER[1](np.random.default_rng(seed))
        spoiled = spoil(photo, levels[-1])
        for channel in range(3):
            before, after = np.sort(photo[..., channel], None), np.sort(spoiled[..., channel], None)
            assert np.array_equal(before, after)
        same = [np.array_equal(photo[..., nth], spoiled[..., nth]) for nth in range(3)]
        assert 1 <= sum(same) <= 2
