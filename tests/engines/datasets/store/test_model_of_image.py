"""By which model an image was made, as the service recorded it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.datasets.records.reading import model_of_image
from engines.datasets.store.copies import SOURCE_KEY, keep_copy
from engines.datasets.store.recorder import ImageRecorder
from engines.types import GeneratedImage, GenerationRequest

MakeRequest = Callable[..., GenerationRequest]
MakeImage = Callable[[int], GeneratedImage]
PNG = b"png"


def test_it_is_in_the_recipe_beside_the_image_or_beside_its_original(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    stored = recorder.record(make_request(), make_image(1))
    copy, copy_of_copy = "generated/nature/copy.png", "generated/nature/again.png"
    keep_copy(counting, copy, PNG, {SOURCE_KEY: stored.key})
    keep_copy(counting, copy_of_copy, PNG, {SOURCE_KEY: copy})
    found = {model_of_image(counting, key) for key in (stored.key, copy, copy_of_copy)}
    assert found == {"inferloop/mini"}


def test_a_recipe_inside_an_uploaded_file_says_nothing(
    recorder: ImageRecorder, counting: Any, make_request: MakeRequest, make_image: MakeImage
) -> None:
    stored = recorder.record(make_request(), make_image(1))
    counting.put_new("uploads/with_recipe.png", counting.read(stored.key))
    keep_copy(counting, "uploads/copy.png", PNG, {SOURCE_KEY: "uploads/with_recipe.png"})
    assert model_of_image(counting, "uploads/with_recipe.png") is None
    assert model_of_image(counting, "uploads/copy.png") is None


def test_files_of_other_tools_and_a_copy_of_itself_say_nothing(counting: Any) -> None:
    for number, content in enumerate([b'["x"]', b'{"prompt": "x"}', b"{", b"\xff", b"1"]):
        counting.put_new(f"uploads/{number}.json", content)
        assert model_of_image(counting, f"uploads/{number}.png") is None
    keep_copy(counting, "uploads/own.png", PNG, {SOURCE_KEY: "uploads/own.png"})
    assert model_of_image(counting, "uploads/own.png") is None
    assert model_of_image(counting, "uploads/absent.png") is None
