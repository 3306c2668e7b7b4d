"""Files at the edge of what a picture can be: one pixel, slender, deep, translucent, of ink."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidParameters
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig
from engines.privacy.config import PiiConfig
from engines.privacy.faces.second_look import second_opinion
from engines.privacy.model import Face
from engines.privacy.opening import OpenHere, open_first, open_further
from engines.privacy.pii.detecting import build_pii_detector

if TYPE_CHECKING:
    from engines.types import Pixels


@dataclass
class Keeps:
    """Finds no face and keeps the last picture that it was shown."""

    seen: Pixels | None = None
    name: str = "keeps"

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        self.seen = pixels
        return ()


def file_of(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 2)])
def test_a_point_and_a_line_are_looked_at_and_pass(doubles: Any, size: tuple[int, int]) -> None:
    faces = Keeps()
    report = doubles.validator(faces).validate(file_of(Image.new("RGB", size, "teal")), "k")
    assert (report.privacy_score, report.passed) == (100, True)
    assert faces.seen is not None
    assert faces.seen.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("mode", "form"), [("CMYK", "JPEG"), ("1", "PNG"), ("LA", "PNG"), ("P", "GIF"), ("I;16", "PNG")]
)
def test_detectors_see_rgb_of_eight_bits_whatever_the_mode(
    doubles: Any, mode: str, form: str
) -> None:
    faces = Keeps()
    doubles.validator(faces).validate(file_of(Image.new(mode, (40, 30)), form), "k")
    assert faces.seen is not None
    assert faces.seen.shape == (30, 40, 3)
    assert faces.seen.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (2, 600), (600, 2)])
@pytest.mark.parametrize("method", ["blur", "pixelate", "box"])
def test_a_face_that_fills_a_tiny_picture_is_covered(
    doubles: Any, size: tuple[int, int], method: str
) -> None:
    @dataclass
    class Once:
        name: str = "once"
        calls: int = 0

        def detect(self, pixels: Pixels) -> tuple[Face, ...]:
            self.calls += 1
            return (Face((0, 0, *size), 0.9),) if self.calls == 1 else ()

    content = file_of(Image.new("RGB", size, "white"))
    result = doubles.validator(Once()).anonymize_with_lineage(content, "k", method)
    with Image.open(io.BytesIO(result.png)) as image:
        assert (image.size, image.mode) == (size, "RGB")
    assert result.lineage["regions"] == [[0, 0, *size]]


def test_an_unknown_method_is_refused_before_anything_is_looked_for(
    doubles: Any, blank_png: bytes
) -> None:
    faces = doubles.faces()
    with pytest.raises(InvalidParameters):
        doubles.validator(faces).anonymize(blank_png, "k", "")
    assert faces.shapes == []


def test_a_picture_without_findings_keeps_every_pixel(doubles: Any, as_png: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    clean = doubles.validator().anonymize(as_png(pixels), "k", "blur")
    assert (np.asarray(Image.open(io.BytesIO(clean))) == pixels).all()


def test_the_same_file_has_the_same_report(doubles: Any, photos: Any) -> None:
    validator = doubles.validator(doubles.faces((Face((1, 2, 30, 40), 0.8),)))
    content = photos.content("coffee.png")
    assert validator.validate(content, "k") == validator.validate(content, "k")


def test_opening_in_another_process_would_find_the_same() -> None:
    limits, config = ImageLimits(), PrivacyConfig()
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    here = OpenHere(limits, config, build_pii_detector(PiiConfig()))
    first, again = here.first(out.getvalue()), open_first(out.getvalue(), limits, config)
    assert (first.has_more, again.has_more) == (True, True)
    assert (first.first.pixels == again.first.pixels).all()
    further, more = here.further(out.getvalue()), open_further(out.getvalue(), limits, config)
    assert [each.name for each in further.pictures] == [each.name for each in more.pictures]
    assert len(more.pictures) == 1


@pytest.mark.parametrize(
    "box", [(0, 0, 1, 1), (63, 47, 1, 1), (0, 0, 64, 48), (30, 0, 4, 48), (60, 40, 40, 40)]
)
def test_a_second_look_takes_a_square_of_fixed_size_at_every_edge(
    doubles: Any, box: tuple[int, int, int, int]
) -> None:
    faces = doubles.faces()
    pixels = np.zeros((48, 64, 3), dtype=np.uint8)
    assert second_opinion(faces, pixels, Face(box, 0.5)) == 0
    assert faces.shapes == [(192, 192, 3)] * 2
