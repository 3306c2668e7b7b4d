"""Profiles and records that were written when a metric had another name are still read."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.profiles import ProfileBuilder, ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest
from engines.types.metric_names import FORMER, present_name, with_present_names


def as_before(text: str) -> str:
    """The same document as it was written before the names changed."""
    for former, now in FORMER.items():
        text = text.replace(f'"{now}"', f'"{former}"')
    return text


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    """A profile of now, the same one as it was written before, and a picture."""
    shipped = files("engines.profiles").joinpath("data/stream_sample_photos.json").read_text()
    assert as_before(shipped) != shipped
    storage = FolderStorage(tmp_path)
    storage.replace("profiles/stream_now.json", shipped.encode())
    storage.replace("profiles/stream_old.json", as_before(shipped).encode())
    pixels = np.random.default_rng(3).integers(0, 255, (48, 64, 3), np.uint8)
    (tmp_path / "uploads").mkdir()
    Image.fromarray(pixels).save(tmp_path / "uploads" / "one.png")
    return storage


def test_an_old_profile_is_shown_with_the_names_of_now(storage: FolderStorage) -> None:
    profiles = ProfileService(storage)
    assert profiles.get("old").statistics == profiles.get("now").statistics


def test_an_old_profile_compares_as_the_same_profile_of_now(storage: FolderStorage) -> None:
    profiles = ProfileService(storage)
    compared = profiles.compare("old", "uploads", None)
    assert compared.distances == profiles.compare("now", "uploads", None).distances
    assert "colorfulness_difference" in compared.distances
    both = (
        profiles.conformance("old", "uploads/one.png"),
        profiles.conformance("now", "uploads/one.png"),
    )
    assert both[0] == both[1]


def test_an_old_profile_goes_on_with_more_images(storage: FolderStorage) -> None:
    profiles = ProfileService(storage)
    more = {
        name: profiles.create(ProfileRequest(name, "uploads", update=True)).statistics
        for name in ("old", "now")
    }
    assert more["old"] == more["now"]
    written: Any = json.loads(storage.read("profiles/stream_old.json"))
    assert not set(FORMER) & set(written["state"]["moments"])
    assert written["state"]["moments"]["colorfulness"][0] == 9


def test_the_state_of_a_builder_of_before_is_continued() -> None:
    builder = ProfileBuilder()
    builder.add(np.full((16, 16, 3), 90, np.uint8))
    old = json.loads(as_before(json.dumps(builder.state())))
    assert ProfileBuilder.from_state(old).statistics() == builder.statistics()


def test_names_that_did_not_change_stay() -> None:
    assert present_name("colourfulness") == "colorfulness"
    assert [present_name(name) for name in ("colorfulness", "noise")] == ["colorfulness", "noise"]
    now = {"colorfulness": 3, "entropy": 1}
    assert with_present_names({"colourfulness": 3, "entropy": 1}) == now
