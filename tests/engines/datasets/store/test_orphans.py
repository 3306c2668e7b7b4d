"""A recipe whose image never came is removed, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.crashes import upkeep
from engines.datasets.upkeep.orphans import KEPT_FOR
from engines.protocols import Storage
from engines.types import GeneratedImage, GenerationRequest

MakeRequest = Callable[..., GenerationRequest]
MakeImage = Callable[[int], GeneratedImage]
FOLDER = "generated/pets"
LATER = KEPT_FOR + timedelta(minutes=1)


class Dies(Exception):
    """The process, before the image is stored."""


class DiesBeforeTheImage:
    """A storage whose process is killed as it begins to write an image."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def put_new(self, key: str, content: bytes) -> Any:
        if key.endswith(".png"):
            raise Dies
        return self._storage.put_new(key, content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


@pytest.fixture
def died(store: DatasetStore, make_request: MakeRequest, make_image: MakeImage) -> DatasetStore:
    """One image is whole, of another there is the recipe alone."""
    ImageRecorder(store, {}).record(make_request("whole", dataset="pets"), make_image(1))
    doomed = DatasetStore(DiesBeforeTheImage(store.storage))
    with pytest.raises(Dies):
        ImageRecorder(doomed, {}).record(make_request("half", dataset="pets"), make_image(2))
    return store


def names(store: DatasetStore) -> set[str]:
    found = {stat.key.rpartition("/")[2] for stat in store.storage.list(FOLDER)}
    return {name for name in found if not name.endswith(".jsonl")}


def later(store: DatasetStore, by: timedelta = LATER) -> DatasetStore:
    """The same data root, so much later."""
    return DatasetStore(store.storage, clock=lambda: datetime.now(UTC) + by)


def test_a_recipe_whose_image_never_came_goes(died: DatasetStore) -> None:
    assert names(died) == {"whole.png", "whole.json", "half.json"}
    upkeep(later(died))
    assert names(died) == {"whole.png", "whole.json"}


def test_one_whose_image_may_still_come_stays(died: DatasetStore) -> None:
    upkeep(died)
    assert "half.json" in names(died)


def test_the_repetition_of_the_request_completes_it(
    died: DatasetStore, make_request: MakeRequest, make_image: MakeImage
) -> None:
    ImageRecorder(died, {}).record(make_request("half", dataset="pets"), make_image(2))
    upkeep(later(died))
    assert names(died) == {"whole.png", "whole.json", "half.png", "half.json"}


@pytest.mark.parametrize("name", ["notes.json", "half.quality.json", "half.coco.json", "half.txt"])
def test_documents_that_are_no_recipe_of_ours_stay(died: DatasetStore, name: str) -> None:
    died.storage.put_new(f"{FOLDER}/{name}", b'{"mine": true}')
    upkeep(later(died))
    assert name in names(died)


def test_a_recipe_under_another_name_stays(died: DatasetStore) -> None:
    died.storage.put_new(f"{FOLDER}/copy.json", died.storage.read(f"{FOLDER}/half.json"))
    upkeep(later(died))
    assert "copy.json" in names(died)
    assert "half.json" not in names(died)


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "webp"])
def test_a_recipe_beside_an_image_of_another_format_stays(died: DatasetStore, suffix: str) -> None:
    died.storage.put_new(f"{FOLDER}/half.{suffix}", b"an image that somebody converted")
    upkeep(later(died))
    assert "half.json" in names(died)
