from __future__ import annotations

import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from engines.errors import InvalidImage, InvalidParameters
from engines.images import ImageLimits, encode_jpeg
from engines.quality import QualityConfig, QualityValidator
from engines.quality.advice import ADVICE, weakest
from engines.quality.config import PHOTO, ScoreThresholds
from engines.quality.judging import Judgement
from engines.quality.score import Factors
from engines.types import Weakness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels, QualityReport

KEY = "generated/nature/image_1.png"


@pytest.fixture(scope="module")
def coffee(photos: Mapping[str, Pixels]) -> bytes:
    return encode_jpeg(photos["coffee"], 95)


@pytest.fixture(scope="module")
def validator() -> QualityValidator:
    return QualityValidator(QualityConfig())


def png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_the_default_answer_has_the_contracts_names_and_units(
    validator: QualityValidator, coffee: bytes
) -> None:
    report = validator.validate(coffee, KEY)
    assert report.key == KEY
    assert list(report.metrics) == ["sharpness", "contrast", "noise_level"]
    assert 50 < report.metrics["sharpness"] < 100
    assert 0.4 < report.metrics["contrast"] < 1
    assert 0 <= report.metrics["noise_level"] < 0.05
    assert report.quality_score > 0.8
    assert report.passed
    assert report.validator_version == "quality/15 with head auto:photo>=0.50"


def test_metrics_are_what_was_asked_for(validator: QualityValidator, coffee: bytes) -> None:
    assert list(validator.validate(coffee, KEY, ["noise"]).metrics) == ["noise_level"]
    assert validator.validate(coffee, KEY, []).metrics == {}
    every = validator.validate(coffee, KEY, validator.known_metrics).metrics
    assert len(every) == len(validator.known_metrics)
    assert every["aspect"] == 1.5
    assert all(np.isfinite(value) for value in every.values())


def test_a_metric_may_be_asked_for_by_its_former_name(
    validator: QualityValidator, coffee: bytes
) -> None:
    """Who asks as before is answered as before; the name is not among those that are told."""
    names = ["colourfulness", "colorfulness"]
    found = validator.validate(coffee, KEY, names).metrics
    assert list(found) == names
    assert len(set(found.values())) == 1
    assert "colourfulness" not in validator.known_metrics


def test_an_unknown_metric_lists_the_known(validator: QualityValidator) -> None:
    with pytest.raises(InvalidParameters, match="unknown metric; known are sharpness") as caught:
        validator.validate(b"", KEY, ["sharpness", "beauty"])
    assert caught.value.details["value"] == "beauty"


@pytest.mark.parametrize("name", ["prompt_alignment", "aesthetic"])
def test_a_metric_without_its_model_says_what_is_missing(
    name: str, validator: QualityValidator, coffee: bytes
) -> None:
    with pytest.raises(InvalidParameters, match="clip_model_path"):
        validator.validate(coffee, KEY, [name], prompt="a cup")


def test_the_pass_mark_is_config(coffee: bytes) -> None:
    strict = QualityValidator(QualityConfig(pass_threshold=1.0))
    report = strict.validate(coffee, KEY)
    assert not report.passed
    assert report.validator_version == "quality/15 with head auto:photo>=1.00"


def test_images_of_a_model_are_judged_with_its_profile_and_all_others_by_content(
    coffee: bytes,
) -> None:
    models = {KEY: "drawing-model", "generated/b.png": "photo-model"}
    config = QualityConfig(profile_by_model={"drawing-model": "illustration"})
    validator = QualityValidator(config, recorded_model=models.get)
    versions = {key: validator.validate(coffee, key).validator_version for key in (*models, "u")}
    by_content = "quality/15 with head auto:photo>=0.50"
    assert versions[KEY] == "quality/15 illustration>=0.50"
    assert versions["generated/b.png"] == versions["u"] == by_content


def test_the_model_of_an_image_is_only_looked_up_if_the_config_needs_it(coffee: bytes) -> None:
    def unexpected(key: str) -> str | None:
        raise AssertionError(key)

    QualityValidator(QualityConfig(), recorded_model=unexpected).validate(coffee, KEY)


def test_a_profile_for_a_model_must_exist() -> None:
    with pytest.raises(ValidationError, match="profile_by_model"):
        QualityConfig.model_validate({"profile_by_model": {"m": "drawing"}})


def test_own_thresholds_judge_and_are_named(coffee: bytes) -> None:
    harsh = PHOTO.model_copy(update={"scale": 0.1})
    report = QualityValidator(QualityConfig(thresholds=harsh)).validate(coffee, KEY)
    assert report.quality_score < 0.1
    assert report.validator_version == "quality/15 custom>=0.50"


def test_what_fails_an_image_is_named_with_advice(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    assert validator.validate(png(photos["coffee"]), KEY).weakest is None
    blurred = validator.validate(png(cv2.blur(photos["coffee"], (21, 21))), KEY)
    assert blurred.weakest is not None
    assert (blurred.passed, blurred.weakest.factor) == (False, "sharpness")
    assert blurred.weakest.value < blurred.weakest.threshold <= 1
    assert blurred.weakest.advice == ADVICE["sharpness"]


def test_the_threshold_of_a_factor_is_where_the_image_would_pass() -> None:
    dim = Factors(**dict.fromkeys(Factors.names(), 1.0))
    judged = Judgement(0.4, replace(dim, darkness=0.4, noise=0.9), "photo")
    assert weakest(judged, 0.5) == Weakness("darkness", 0.4, 0.5, ADVICE["darkness"])
    assert weakest(judged._replace(score=0.0), 0.5).threshold == 1


def test_a_factor_that_does_not_count_is_not_blamed() -> None:
    judged = Judgement(
        0.4, Factors(**{**dict.fromkeys(Factors.names(), 0.9), "cast": 0.1}), "x", ("cast",)
    )
    assert weakest(judged, 0.5).factor != "cast"


def test_every_factor_has_its_advice() -> None:
    assert set(ADVICE) == set(Factors.names())
    assert all(sentence.endswith(".") for sentence in ADVICE.values())


def test_a_config_cannot_ignore_what_is_no_factor() -> None:
    with pytest.raises(ValueError, match="unknown factors of the score: beauty"):
        ScoreThresholds(**{**PHOTO.model_dump(), "ignored": ("beauty",)})


def test_a_blank_image_fails(validator: QualityValidator) -> None:
    report = validator.validate(png(np.full((64, 64, 3), 128, np.uint8)), KEY)
    assert (report.quality_score, report.passed) == (0.0, False)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_every_mode_is_judged(
    mode: str, validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    file = io.BytesIO()
    Image.fromarray(photos["chelsea"]).convert(mode).save(file, "PNG")
    assert 0 <= validator.validate(file.getvalue(), KEY).quality_score <= 1


def test_sixteen_bits_score_as_eight(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    gray = photos["coffee"][..., 1]
    deep = io.BytesIO()
    Image.fromarray(gray.astype(np.uint16) * 257).save(deep, "PNG")
    eight = validator.validate(png(np.repeat(gray[..., None], 3, axis=2)), KEY)
    assert validator.validate(deep.getvalue(), KEY) == eight


def test_no_image_is_a_clear_refusal(validator: QualityValidator) -> None:
    with pytest.raises(InvalidImage, match="text document"):
        validator.validate(b"<svg/>", KEY)
    small = QualityValidator(QualityConfig(limits=ImageLimits(max_pixels=10)))
    with pytest.raises(InvalidImage, match="more than 10"):
        small.validate(png(np.zeros((4, 4, 3), np.uint8)), KEY)


def test_threads_share_a_validator(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    contents = [encode_jpeg(pixels) for pixels in photos.values()]
    alone = [validator.validate(content, KEY) for content in contents]
    together: list[list[QualityReport]] = [[] for _ in range(4)]

    def judge(slot: list[QualityReport]) -> None:
        slot.extend(validator.validate(content, KEY) for content in contents)

    threads = [threading.Thread(target=judge, args=(slot,)) for slot in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(slot == alone for slot in together)


def test_config_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        QualityConfig.model_validate({"treshold": 0.5})
    with pytest.raises(ValidationError):
        QualityConfig(pass_threshold=1.5)
