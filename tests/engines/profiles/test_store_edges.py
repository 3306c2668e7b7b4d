"""Profiles as files: damaged ones, and samples of features that are the same every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from engines.errors import Conflict, NotFound, StorageFailed
from engines.profiles.config import ProfilesConfig
from engines.profiles.features import (
    FeatureCollector,
    ProfileFeatures,
    folder_of,
    no_encoder,
    read_features,
    write_features,
)
from engines.profiles.store import ProfileStore, key_of
from engines.storage.folder.storage import FolderStorage
from engines.types import Profile
from tests.engines.types.examples import NOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

PROFILE = Profile("office", NOW, NOW, 3, key_of("office"), {"means": {}})
STATE: dict[str, Any] = {"sample_count": 3, "hashes": ["00ff"]}


class Means:
    """The mean of each channel, as a vector."""

    name, dimensions = "means@1", 3

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        return np.array([each.mean(axis=(0, 1)) for each in pictures], np.float32)


def pictures(count: int) -> list[Pixels]:
    return [np.full((8, 8, 3), n % 256, np.uint8) for n in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> tuple[FolderStorage, ProfileStore]:
    storage = FolderStorage(tmp_path)
    return storage, ProfileStore(storage)


def test_a_profile_is_read_back_with_its_size(store: tuple[FolderStorage, ProfileStore]) -> None:
    storage, profiles = store
    written = profiles.write(PROFILE, STATE, "r1")
    found = profiles.get("office")
    assert found.profile.size_bytes == written.size_bytes == len(storage.read(key_of("office")))
    assert (found.profile.kept_hashes, found.state["hashes"]) == (1, ["00ff"])
    assert (found.request_id, found.features) == ("r1", None)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b"null", b"{}", b'"x"'),
        *(b'{"created_at": 5}', b'{"created_at": "yesterday"}'),
    ],
)
def test_a_damaged_profile_is_said_to_be_damaged(
    store: tuple[FolderStorage, ProfileStore], content: bytes
) -> None:
    storage, profiles = store
    storage.replace(key_of("office"), content)
    with pytest.raises(StorageFailed, match="office is damaged"):
        profiles.get("office")


@pytest.mark.parametrize(
    "name", ["created_at", "updated_at", "sample_count", "statistics", "state"]
)
def test_a_profile_without_a_part_is_damaged(
    store: tuple[FolderStorage, ProfileStore], name: str
) -> None:
    storage, profiles = store
    profiles.write(PROFILE, STATE)
    document = json.loads(storage.read(key_of("office")))
    del document[name]
    storage.replace(key_of("office"), json.dumps(document).encode())
    with pytest.raises(StorageFailed, match="damaged"):
        profiles.get("office")


def test_nobody_writes_over_a_profile_that_he_has_not_seen(
    store: tuple[FolderStorage, ProfileStore],
) -> None:
    _, profiles = store
    profiles.write(PROFILE, STATE)
    with pytest.raises(Conflict):
        profiles.write(PROFILE, STATE)
    seen = profiles.get("office").etag
    profiles.write(PROFILE, {**STATE, "hashes": []}, etag=seen)
    with pytest.raises(Conflict):
        profiles.write(PROFILE, STATE, etag=seen)


def test_what_is_not_there_is_not_found(store: tuple[FolderStorage, ProfileStore]) -> None:
    for ask in (store[1].get, store[1].delete):
        with pytest.raises(NotFound, match="Profile not found: office"):
            ask("office")


# Features


def collected(count: int, most: int) -> ProfileFeatures:
    collector = FeatureCollector(Means(), most)
    for pixels in pictures(count):
        collector.add(pixels)
    assert collector.seen == count
    return collector.found()


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1, 1), (20, 20), (21, 20), (200, 20)])
def test_no_more_features_are_kept_than_are_wanted(count: int, kept: int) -> None:
    found = collected(count, 20)
    assert (len(found), found.vectors.shape, found.hashes.shape) == (kept, (kept, 3), (kept, 2))
    assert found.vectors.dtype == np.float16


def test_the_same_images_give_the_same_sample() -> None:
    assert np.array_equal(collected(90, 20).vectors, collected(90, 20).vectors)


def test_features_come_back_from_their_file_or_are_damaged(tmp_path: Path) -> None:
    storage, key = FolderStorage(tmp_path), f"{folder_of('profiles', 'office')}/r.safetensors"
    facts = write_features(storage, key, collected(5, 20), "means@1", 5)
    assert type(facts).of(facts.to_json()) == facts
    assert np.array_equal(read_features(storage, facts).vectors, collected(5, 20).vectors)
    storage.replace(key, storage.read(key)[:-1])
    with pytest.raises(StorageFailed, match="damaged"):
        read_features(storage, facts)


def test_without_an_encoder_it_says_why() -> None:
    assert no_encoder() == (None, "no encoder is set up here")


@pytest.mark.parametrize("change", [{"read_workers": 0}, {"read_ahead": 0}, {"max_features": 19}])
def test_work_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        ProfilesConfig.model_validate(change)
