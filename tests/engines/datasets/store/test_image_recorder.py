"""Recording an image: the recipe twice, and a crash anywhere loses nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image, PngImagePlugin

from engines.datasets.recipes.png import pixel_sha256
from engines.datasets.recipes.recipe import Recipe
from engines.datasets.records.reading import prompt_of_image
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import (
    Conflict,
    GenerationFailed,
    InvalidParameters,
    NotFound,
    StorageFailed,
)
from engines.images.png_text import encode_png, read_png_text
from engines.types import GeneratedImage, GenerationRequest

MakeRequest = Callable[..., GenerationRequest]
MakeImage = Callable[[int], GeneratedImage]


def test_an_image_is_stored_with_its_recipe_inside_and_beside(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    image = make_image(1)
    stored = recorder.record(make_request(negative_prompt="blurry"), image)
    content = counting.read("generated/nature/image_1.png")
    assert stored.key == "generated/nature/image_1.png"
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size_bytes == len(content)
    assert (stored.served_model, stored.seed, stored.engine_s) == ("inferloop/mini", 42, 1.25)

    opened = Image.open(io.BytesIO(content))
    assert isinstance(opened, PngImagePlugin.PngImageFile)
    assert np.array_equal(np.asarray(opened), image.pixels)
    inside = Recipe.from_json(opened.text["inferloop.recipe"].encode())
    beside = Recipe.from_json(counting.read("generated/nature/image_1.json"))
    assert opened.text["inferloop.pixel_sha256"] == pixel_sha256(image.pixels)
    assert inside.file_sha256 is None
    assert beside.file_sha256 == stored.sha256
    assert inside.prompt == beside.prompt == "A beautiful sunset – über 山"
    assert beside.negative_prompt == "blurry"
    assert beside.pixel_sha256 == hashlib.sha256(image.pixels.tobytes()).hexdigest()
    assert beside.parameters.model_id == "runwayml/stable-diffusion-v1-5"
    assert beside.library_versions == {"torch": "2.13.0", "diffusers": "0.42.1"}
    assert beside.safety == {"policy": "flag", "flagged": False}
    assert beside.notes == ("stand-in model",)


def test_the_prompt_of_an_image_is_found_beside_it_or_inside(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    stored = recorder.record(make_request(), make_image(1))
    prompt = "A beautiful sunset – über 山"
    assert prompt_of_image(counting, stored.key) == prompt
    counting.delete("generated/nature/image_1.json")
    assert prompt_of_image(counting, stored.key) == prompt

    counting.put_new("uploads/real.jpg", b"\xff\xd8 no recipe in here")
    assert prompt_of_image(counting, "uploads/real.jpg") is None
    counting.put_new("uploads/real.json", b'{"prompt": "of another tool"}')
    assert prompt_of_image(counting, "uploads/real.jpg") is None
    with pytest.raises(NotFound):
        prompt_of_image(counting, "generated/absent.png")


def test_without_dataset_it_lies_in_the_area(
    recorder: ImageRecorder, make_request: MakeRequest, make_image: MakeImage
) -> None:
    stored = recorder.record(make_request(dataset=None), make_image(1))
    assert stored.key == "generated/image_1.png"


def test_a_repeated_run_finds_its_own_image(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    first = recorder.record(make_request(), make_image(1))
    again = recorder.record(make_request(), make_image(1))
    assert again == first
    assert hashlib.sha256(counting.read(first.key)).hexdigest() == first.sha256


def test_a_repeated_run_whose_pixels_differ_a_little_finds_the_first_image(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    """The first run shared its steps with others: floats are not added in the same order."""
    first = recorder.record(make_request(), make_image(1))
    assert recorder.record(make_request(), make_image(2)) == first
    assert hashlib.sha256(counting.read(first.key)).hexdigest() == first.sha256


def test_a_repeated_run_looks_for_its_image_before_it_works(
    recorder: ImageRecorder, make_request: MakeRequest, make_image: MakeImage
) -> None:
    assert recorder.stored(make_request()) is None
    first = recorder.record(make_request(), make_image(1))
    assert recorder.stored(replace(make_request(), repeated=True)) == first
    assert recorder.stored(make_request("image_9")) is None


def test_looking_mends_what_a_crash_left(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    """Of a version that wrote the image first."""
    recorder.record(make_request(), make_image(1))
    counting.delete("generated/nature/image_1.json")
    stored = recorder.stored(make_request())
    assert stored is not None
    beside = Recipe.from_json(counting.read("generated/nature/image_1.json"))
    assert beside.file_sha256 == stored.sha256


def test_another_image_under_the_same_id_is_a_conflict(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    first = recorder.record(make_request(), make_image(1))
    for change in ({"prompt": "a cat"}, {"seed": 99}, {"num_inference_steps": 3}):
        other = replace(make_request(), **change)
        with pytest.raises(Conflict):
            recorder.record(other, make_image(2))
        with pytest.raises(Conflict):
            recorder.stored(other)
    assert hashlib.sha256(counting.read(first.key)).hexdigest() == first.sha256
    counting.inner.replace("generated/nature/image_2.png", b"foreign")
    with pytest.raises(Conflict):
        recorder.record(make_request("image_2"), make_image(1))
    with pytest.raises(NotFound):  # no recipe of ours lies beside it
        counting.stat("generated/nature/image_2.json")


def listed(counting: Any) -> list[str]:
    return [stat.key for stat in counting.list("generated/nature") if ".index" not in stat.key]


@pytest.mark.parametrize("suffix", [".png", ".json"])
@pytest.mark.parametrize("trouble", ["full", "failing"])
def test_where_one_of_the_two_cannot_be_written_there_is_neither(
    recorder: ImageRecorder,
    counting: Any,
    make_request: MakeRequest,
    make_image: MakeImage,
    suffix: str,
    trouble: str,
) -> None:
    setattr(counting, trouble, {"put_new": suffix})
    with pytest.raises(StorageFailed):
        recorder.record(make_request(), make_image(1))
    assert listed(counting) == []


def test_an_image_is_never_seen_without_its_recipe_beside_it(
    store: DatasetStore, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    seen: list[list[str]] = []

    class Watched:
        """Looks at the folder before and after each write."""

        def __getattr__(self, name: str) -> Any:
            return getattr(counting, name)

        def put_new(self, key: str, content: bytes) -> Any:
            seen.append(listed(counting))
            stat = counting.put_new(key, content)
            seen.append(listed(counting))
            return stat

    watched: Any = Watched()
    ImageRecorder(DatasetStore(watched), {}).record(make_request(), make_image(1))
    both = ["generated/nature/image_1.json", "generated/nature/image_1.png"]
    assert seen == [[], both[:1], both[:1], both]


def test_the_recipe_that_a_dead_try_left_is_that_of_the_image_in_the_end(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    counting.put_new("generated/nature/image_1.json", b'{"of": "the dead try"}')
    stored = recorder.record(make_request(), make_image(1))
    beside = Recipe.from_json(counting.read("generated/nature/image_1.json"))
    assert beside.file_sha256 == stored.sha256


def test_a_crash_before_the_sidecar_is_mended_by_the_repetition(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    counting.failing = {"put_new": "image_1.json"}
    with pytest.raises(StorageFailed):
        recorder.record(make_request(), make_image(1))
    counting.failing = {}
    stored = recorder.record(make_request(), make_image(1))
    beside = Recipe.from_json(counting.read("generated/nature/image_1.json"))
    assert beside.file_sha256 == stored.sha256


def test_an_image_without_sidecar_and_index_still_tells_its_recipe(
    recorder: ImageRecorder,
    store: DatasetStore,
    counting: Any,
    make_request: MakeRequest,
    make_image: MakeImage,
) -> None:
    counting.failing = {"append": ".jsonl"}
    recorder.record(make_request(), make_image(1))
    counting.delete("generated/nature/image_1.json")
    (record,) = store.iter_records("generated/nature")
    assert record.recipe is not None
    assert record.recipe.prompt == "A beautiful sunset – über 山"
    assert not record.indexed


def test_an_index_that_cannot_be_written_does_not_fail_the_image(
    recorder: ImageRecorder,
    store: DatasetStore,
    counting: Any,
    make_request: MakeRequest,
    make_image: MakeImage,
) -> None:
    counting.failing = {"append": ".jsonl"}
    recorder.record(make_request(), make_image(1))
    counting.failing = {}
    recorder.record(make_request("image_2"), make_image(2))
    records = list(store.iter_records("generated/nature"))
    assert [(r.image_id, r.indexed) for r in records] == [("image_1", False), ("image_2", True)]


def test_a_prompt_that_is_no_unicode_is_refused(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    with pytest.raises(InvalidParameters):
        recorder.record(make_request(prompt="broken \ud800"), make_image(1))
    assert list(counting.list("generated")) == []


def test_recipes_survive_json_and_later_fields(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    recorder.record(make_request(lora="style", profile="p"), make_image(1))
    content = counting.read("generated/nature/image_1.json")
    recipe = Recipe.from_json(content)
    assert Recipe.from_json(recipe.to_json()) == recipe
    later = {**orjson.loads(content), "added_later": 1}
    later["parameters"]["added_later"] = 2
    assert Recipe.from_dict(later) == recipe


@pytest.mark.parametrize("found", [None, [], {}, {"schema": "inferloop.recipe/1"}, {"schema": 3}])
def test_what_is_no_recipe(found: object) -> None:
    with pytest.raises(ValueError, match=r"recipe"):
        Recipe.from_dict(found)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_only_rgb_bytes_are_encoded(pixels: Any) -> None:
    with pytest.raises(GenerationFailed):
        encode_png(pixels, {})


def test_png_text_is_read_by_us_as_by_pillow() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    text = {"key.one": "Grüße 山\n", "key.two": "{}"}
    content = encode_png(pixels, text)
    assert read_png_text(io.BytesIO(content)) == text
    opened = Image.open(io.BytesIO(content))
    assert isinstance(opened, PngImagePlugin.PngImageFile)
    assert dict(opened.text) == text
    assert np.array_equal(np.asarray(opened), pixels)


def test_broken_png_text_is_not_believed() -> None:
    content = bytearray(encode_png(np.zeros((8, 8, 3), np.uint8), {"k": "value"}))
    assert read_png_text(io.BytesIO(bytes(content[:40]))) == {}
    content[content.index(b"value")] ^= 1
    assert read_png_text(io.BytesIO(bytes(content))) == {}
    assert read_png_text(io.BytesIO(b"JFIF")) == {}
