"""The same picture has the same score, however its pixels lie in memory or in the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from engines.quality import QualityConfig, QualityValidator
from engines.quality.advice import ADVICE
from engines.quality.clip import clip_input
from engines.quality.config import PHOTO, ScoreThresholds
from engines.quality.judging import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engines.types import Pixels

KEY = "generated/a.png"
LAYOUTS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "columns first": np.asfortranarray,
    "every second pixel of a larger array": lambda p: p.repeat(2, 0).repeat(2, 1)[::2, ::2],
    "a mirrored view of the mirror": lambda p: np.ascontiguousarray(p[:, ::-1])[:, ::-1],
    "channels turned": lambda p: np.ascontiguousarray(p[..., ::-1])[..., ::-1],
    "three of four channels": lambda p: np.dstack([p, p[..., 0]])[..., :3],
}


@pytest.fixture(scope="module")
def validator() -> QualityValidator:
    return QualityValidator(QualityConfig())


@pytest.fixture(scope="module")
def small(photos: Mapping[str, Pixels]) -> Pixels:
    return np.ascontiguousarray(photos["coffee"][100:260, 200:400])


def file_of(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_in_memory_changes_nothing(layout: str, small: Pixels) -> None:
    same = LAYOUTS[layout](small)
    assert (same == small).all()
    assert judge(same, QualityConfig()) == judge(small, QualityConfig())


def test_the_pixels_of_the_caller_stay_as_they_are(small: Pixels) -> None:
    locked = small.copy()
    locked.flags.writeable = False
    judge(locked, QualityConfig())
    assert (locked == small).all()


def test_what_was_judged_before_changes_nothing(small: Pixels) -> None:
    first = judge(small, QualityConfig())
    judge(255 - small[:90, :90], QualityConfig())
    assert judge(small, QualityConfig()) == first


def test_a_mirrored_picture_is_as_good(small: Pixels) -> None:
    score = judge(small, QualityConfig()).score
    for mirror in (small[:, ::-1], small[::-1]):
        assert judge(mirror, QualityConfig()).score == pytest.approx(score, abs=0.05)


def test_an_opaque_alpha_channel_changes_nothing(
    validator: QualityValidator, small: Pixels
) -> None:
    plain = Image.fromarray(small)
    opaque = plain.copy()
    opaque.putalpha(255)
    assert validator.validate(file_of(opaque), KEY) == validator.validate(file_of(plain), KEY)


def test_a_lossless_format_changes_nothing(validator: QualityValidator, small: Pixels) -> None:
    reports = [validator.validate(file_of(Image.fromarray(small), form), KEY) for form in FORMS]
    assert reports == [reports[0]] * len(FORMS)


FORMS = ("PNG", "BMP", "TIFF")


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (3000, 1), (1, 3000)])
def test_a_picture_of_a_line_or_a_point_fails_with_advice_and_finite_metrics(
    size: tuple[int, int], validator: QualityValidator
) -> None:
    content = file_of(Image.new("RGB", size, (200, 30, 90)))
    report = validator.validate(content, KEY, validator.known_metrics)
    assert not report.passed
    assert report.weakest is not None
    assert report.weakest.advice in ADVICE.values()
    assert np.isfinite(list(report.metrics.values())).all()
    assert report.metrics["aspect"] == round(size[0] / size[1], 4)


def test_a_gray_picture_has_no_color(validator: QualityValidator, small: Pixels) -> None:
    gray = file_of(Image.fromarray(small).convert("L"))
    report = validator.validate(gray, KEY, ["colorfulness", "saturation", "contrast"])
    assert (report.metrics["colorfulness"], report.metrics["saturation"]) == (0, 0)
    assert report.metrics["contrast"] > 0


def test_a_score_at_the_threshold_passes_and_one_below_it_fails(
    validator: QualityValidator, small: Pixels
) -> None:
    content = file_of(Image.fromarray(small))
    score = validator.validate(content, KEY).quality_score
    at = QualityValidator(QualityConfig(pass_threshold=score)).validate(content, KEY)
    above = QualityValidator(QualityConfig(pass_threshold=score + 1e-4)).validate(content, KEY)
    assert (at.passed, at.weakest) == (True, None)
    assert not above.passed
    assert above.weakest is not None


@pytest.mark.parametrize("name", ["sharpness_width", "noise_half", "range_scale", "block_power"])
def test_a_threshold_that_is_divided_by_cannot_be_zero(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        ScoreThresholds(**{**PHOTO.model_dump(), name: 0})


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 300), (64, 64), (500, 80)])
def test_clip_sees_a_square_of_any_picture(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    seen = clip_input(pixels, 32)
    assert seen.shape == (3, 32, 32)
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    assert (clip_input(np.asfortranarray(pixels), 32) == seen).all()
