"""Covering regions, looking again, and doing it once for real."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.validators.pictures.renders import render
from engines.errors import InferloopError, InvalidImage, InvalidParameters
from engines.images import ImageLimits
from engines.privacy import COVER_METHODS, PrivacyConfig, PrivacyValidator
from engines.privacy.covering import covered, widened
from engines.privacy.model import Face, TextRegion

if TYPE_CHECKING:
    from engines.types import Pixels

PHOTO = np.asarray(  # soft blobs: something is left of them at every strength but the last
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(
        (128, 96), Image.Resampling.BICUBIC
    )
)
BOX = (30, 20, 40, 50)


@dataclass
class SeesContrast:
    """Finds a face as long as the region's contrast is above `least`."""

    least: float
    name: str = "contrast"

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        x, y, width, height = BOX
        region = pixels[y : y + height, x : x + width].reshape(-1, 3)
        return (Face(BOX, 0.9),) if region.std(axis=0).max() > self.least else ()


@pytest.mark.parametrize("method", COVER_METHODS)
def test_only_the_box_changes(method: str) -> None:
    result = covered(PHOTO, [BOX], method, 1)
    x, y, width, height = BOX
    inside = np.zeros(PHOTO.shape[:2], dtype=bool)
    inside[y : y + height, x : x + width] = True
    assert (result[~inside] == PHOTO[~inside]).all()
    assert result[inside].std() < 0.8 * PHOTO[inside].std()


@pytest.mark.parametrize("method", ["blur", "pixelate"])
def test_stronger_leaves_less(method: str) -> None:
    left = [
        float(covered(PHOTO, [BOX], method, strength)[20:70, 30:70].std()) for strength in (1, 2, 3)
    ]
    assert left[0] > left[1] > left[2]


def test_box_is_one_color() -> None:
    result = covered(PHOTO, [BOX], "box", 1)
    assert len(np.unique(result[20:70, 30:70].reshape(-1, 3), axis=0)) == 1


def test_pixelate_has_few_colors() -> None:
    result = covered(PHOTO, [BOX], "pixelate", 1)
    assert len(np.unique(result[20:70, 30:70].reshape(-1, 3), axis=0)) <= 5 * 4


def test_widened_box_stays_in_the_image() -> None:
    assert widened((0, 0, 10, 10), 0.5, 12, 100) == (0, 0, 12, 16)


def test_empty_box_is_left_alone() -> None:
    assert (covered(PHOTO, [(5, 5, 0, 3)], "blur", 1) == PHOTO).all()


def test_looks_again_until_nothing_is_seen(doubles: Any, as_png: Any) -> None:
    validator = doubles.validator(SeesContrast(least=15.0))
    result = validator.anonymize_with_lineage(as_png(PHOTO), "generated/a.png", "pixelate")
    assert validator.validate(result.png, "k").issues == ()
    assert result.lineage["source_key"] == "generated/a.png"
    assert result.lineage["method"] == "pixelate"
    assert result.lineage["last_method"] == "pixelate"
    regions = result.lineage["regions"]
    assert isinstance(regions, list)
    assert len(regions) >= 2
    json.dumps(result.lineage)


def test_last_round_paints_a_box(doubles: Any, as_png: Any) -> None:
    validator = doubles.validator(SeesContrast(least=0.01))
    lineage = validator.anonymize_with_lineage(as_png(PHOTO), "k", "blur").lineage
    assert (lineage["method"], lineage["last_method"]) == ("blur", "box")


def test_what_cannot_be_covered_is_refused(doubles: Any, as_png: Any) -> None:
    with pytest.raises(InvalidImage, match="still shows"):
        doubles.validator(SeesContrast(least=-1.0)).anonymize(as_png(PHOTO), "k", "blur")


def test_no_answer_without_a_check(doubles: Any, as_png: Any) -> None:
    validator = doubles.validator(doubles.faces(problem="no weights"))
    with pytest.raises(InferloopError, match="no weights"):
        validator.anonymize(as_png(PHOTO), "k", "blur")


def test_unknown_method_lists_the_known(doubles: Any, as_png: Any) -> None:
    with pytest.raises(InvalidParameters, match="blur, pixelate, box"):
        doubles.validator().anonymize(as_png(PHOTO), "k", "swirl")


def test_metadata_is_gone(doubles: Any) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    out = io.BytesIO()
    Image.fromarray(PHOTO).save(out, "JPEG", exif=exif)
    validator = doubles.validator()
    assert validator.validate(out.getvalue(), "k").issues != ()
    clean = validator.anonymize(out.getvalue(), "k", "blur")
    assert validator.validate(clean, "k").issues == ()
    with Image.open(io.BytesIO(clean)) as image:
        assert dict(image.getexif()) == {}
        assert image.format == "PNG"


@pytest.mark.parametrize(("cover", "regions"), [("pii", 1), ("text", 2)])
def test_text_that_names_nobody_may_stay(
    doubles: Any, as_png: Any, cover: str, regions: int
) -> None:
    class ReadsOnce:
        name = "once"

        def __init__(self) -> None:
            self.calls = 0

        def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
            self.calls += 1
            lines = (doubles.line("jane.doe@example.com"), doubles.line("Hello", y=60))
            return lines if self.calls == 1 else ()

    config = PrivacyConfig.model_validate({"anonymize": {"cover": cover}})
    validator = doubles.validator(reader=ReadsOnce(), config=config)
    found = validator.anonymize_with_lineage(as_png(PHOTO), "k", "box").lineage["regions"]
    assert isinstance(found, list)
    assert len(found) == regions


@pytest.mark.slow
def test_real_detectors_find_nothing_afterwards(
    yunet: Any, rapidocr: Any, patterns: Any, photos: Any, as_png: Any
) -> None:
    validator = PrivacyValidator(PrivacyConfig(), ImageLimits(), yunet, rapidocr, patterns)
    pixels = photos.pixels("astronaut.png").copy()
    pixels[380:] = render("jane.doe@example.com", 24).pixels[190:322]
    content = as_png(pixels)
    assert validator.validate(content, "k").pii_detected
    report = validator.validate(validator.anonymize(content, "k", "blur"), "k")
    assert report.issues == ()
    assert report.passed


def test_an_unknown_method_is_told_the_choice(doubles: Any, as_png: Any) -> None:
    with pytest.raises(InvalidParameters, match="must be one of blur, pixelate, box"):
        doubles.validator(SeesContrast(least=15.0)).anonymize(as_png(PHOTO), "k", "mosaic")
