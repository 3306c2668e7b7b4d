"""The invisible watermark: what takes it off and what does not, and what it costs the picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engines.datasets.recipes.recipe import Recipe, make_recipe
from engines.errors import InvalidParameters
from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.watermark import (
    FOUND_FROM,
    Reading,
    RivaGan,
    Watermarking,
    can_hold,
    models_folder,
    watermarked,
)
from engines.types import GeneratedImage, GenerationRequest
from tests.engines.provenance.conftest import NOW, some_pixels

if TYPE_CHECKING:
    from engines.types import Pixels

pytestmark = pytest.mark.slow

WORD = MarksConfig().watermark_word
MODELS = models_folder(MarksConfig())
needs_models = pytest.mark.skipif(
    MODELS is None, reason="the package invisible-watermark lies nowhere (docs/provenance.md)"
)


def scene(height: int = 320, width: int = 320) -> Pixels:
    """Soft hills under a sky, as the embedded model draws them: little texture to hide in."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    hills = 0.5 + 0.1 * np.sin(9 * x) + 0.05 * np.sin(23 * x + 1)
    ground = (y > hills)[..., None]
    sky = np.stack([120 + 60 * y, 160 + 50 * y, 235 - 20 * y], axis=-1)
    grass = np.stack([60 + 50 * y, 130 - 30 * y + 10 * np.sin(40 * x), 50 + 20 * x], axis=-1)
    return np.where(ground, grass, sky).astype(np.uint8)


def saved_as(pixels: Pixels, kind: str, **options: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return np.asarray(Image.open(file).convert("RGB"))


def made(pixels: Pixels, model: str = "m") -> GeneratedImage:
    return GeneratedImage(pixels, model, None, "DDIMScheduler", {}, ())


def request() -> GenerationRequest:
    return GenerationRequest("image_1", "hills", "m", 320, 320, 2, 1.0, 42)


def unchanged(_request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
    return image


@pytest.fixture(scope="module")
def rivagan() -> RivaGan:
    assert MODELS is not None
    return RivaGan(MODELS)


@pytest.fixture(scope="module")
def marked(rivagan: RivaGan) -> Pixels:
    return rivagan.write(scene(), WORD, 1.5)


@needs_models
def test_the_word_is_read_again(rivagan: RivaGan, marked: Pixels) -> None:
    reading = rivagan.read(marked, WORD)
    assert reading.is_found
    assert reading.chance < 1e-4


@needs_models
def test_saving_again_as_jpeg_does_not_take_it_off(rivagan: RivaGan, marked: Pixels) -> None:
    assert rivagan.read(saved_as(marked, "JPEG", quality=80), WORD).is_found


@needs_models
def test_a_smaller_copy_still_has_it(rivagan: RivaGan, marked: Pixels) -> None:
    smaller = Image.fromarray(marked).resize((256, 256), Image.Resampling.LANCZOS)
    assert rivagan.read(np.asarray(smaller), WORD).is_found


@needs_models
def test_a_picture_without_it_is_not_said_to_have_it(rivagan: RivaGan) -> None:
    for pixels in (scene(), some_pixels(side=256)):
        assert not rivagan.read(pixels, WORD).is_found


@needs_models
def test_another_installation_s_word_is_not_taken_for_ours(
    rivagan: RivaGan, marked: Pixels
) -> None:
    other = rivagan.read(marked, f"{0xFFFFFFFF ^ int(WORD, 16):08x}")
    assert not other.is_found
    assert other.agreeing <= 32 - FOUND_FROM


@needs_models
def test_the_picture_stays_as_it_is_to_the_eye(marked: Pixels) -> None:
    error = np.mean((marked.astype(float) - scene()) ** 2)
    assert 10 * np.log10(255**2 / error) >= 38
    assert marked.dtype == np.uint8


@needs_models
def test_the_same_picture_gets_the_same_pixels_at_any_size(rivagan: RivaGan) -> None:
    pixels = scene(301, 307)
    first, second = (rivagan.write(pixels, WORD, 1.5) for _ in range(2))
    assert first.shape == pixels.shape
    assert np.array_equal(first, second)


@needs_models
def test_the_recipe_and_the_mark_say_that_there_is_one() -> None:
    finish = watermarked(unchanged, frozenset({"m"}), MarksConfig())
    image = finish(request(), made(scene()))
    told = dict(image.watermark)
    assert told.pop("agreeing_bits") in range(FOUND_FROM, 33)
    assert told.pop("strength") in (1.5, 3.0)
    assert told == {"method": "rivagan", "word": WORD}
    recipe = make_recipe(request(), image, "0" * 64, {}, NOW)
    assert Recipe.from_json(recipe.to_json()).watermark == image.watermark
    assert "c2pa.watermarked.unbound" in str(created(recipe, None, MarksConfig()))


class Unreadable(RivaGan):
    """A picture that swallows every bit."""

    def write(self, pixels: Pixels, word: str, strength: float) -> Pixels:
        return pixels + np.uint8(1)

    def read(self, pixels: Pixels, word: str) -> Reading:
        return Reading("00000000", 16)


def test_a_picture_from_which_it_cannot_be_read_again_is_left_alone_and_says_so() -> None:
    finish = Watermarking(unchanged, frozenset({"m"}), Unreadable(Path()), WORD, 1.5)
    image = finish(request(), made(scene()))
    assert np.array_equal(image.pixels, scene())
    assert "could not be read again" in image.notes[0]
    assert image.watermark == {}


@needs_models
@pytest.mark.parametrize("size", [(64, 64), (255, 400), (256, 1100)])
def test_a_picture_that_cannot_hold_it_is_left_alone_and_says_so(size: tuple[int, int]) -> None:
    pixels = scene(*size)
    assert not can_hold(pixels)
    image = watermarked(unchanged, frozenset({"m"}), MarksConfig())(request(), made(pixels))
    assert np.array_equal(image.pixels, pixels)
    assert image.watermark == {}
    assert image.notes == ("no watermark: it needs 256 px and an aspect ratio up to 4:1",)


@needs_models
def test_only_the_models_that_ask_for_it_get_it() -> None:
    finish = watermarked(unchanged, frozenset({"m"}), MarksConfig())
    image = made(scene(), "another")
    assert finish(request(), image) is image


def test_without_such_a_model_nothing_is_loaded() -> None:
    assert watermarked(unchanged, frozenset(), MarksConfig()) is unchanged


def test_a_model_that_asks_for_it_where_it_is_not_installed_is_refused_at_the_start(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidParameters, match="invisible-watermark") as refused:
        watermarked(unchanged, frozenset({"m"}), MarksConfig(watermark_models=str(tmp_path)))
    assert refused.value.faults[0].parameter == "marks.watermark_models"


def test_chance_is_that_of_32_fair_coins() -> None:
    assert Reading(WORD, 32).chance == 2.0**-32
    assert Reading(WORD, 0).chance == 1.0
    assert Reading(WORD, FOUND_FROM).chance == pytest.approx(5.65e-5, rel=0.01)
    assert not Reading(WORD, FOUND_FROM - 1).is_found


@pytest.mark.parametrize("word", ["", "1f3ac9b", "1F3AC9B2", "xyzxyzxy", "1f3ac9b2\n"])
def test_a_word_is_eight_hexadecimal_digits(word: str) -> None:
    with pytest.raises(ValueError, match="watermark_word"):
        MarksConfig(watermark_word=word)
