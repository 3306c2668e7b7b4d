"""Long work on profiles stops between two images when nobody waits for it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from engines.errors import Canceled, NotFound
from engines.profiles import ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest

IMAGES = 12


class AfterThree:
    """Stops the work at its fourth look."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> None:
        self.looks += 1
        if self.looks > 3:
            raise Canceled("gone")


@pytest.fixture
def profiles(tmp_path: Path) -> ProfileService:
    storage = FolderStorage(tmp_path)
    for number in range(IMAGES):
        content = io.BytesIO()
        Image.new("RGB", (16, 16), (number * 20, 10, 10)).save(content, "PNG")
        storage.put_new(f"uploads/set/{number}.png", content.getvalue())
    return ProfileService(storage)


def test_making_one_stops_and_leaves_nothing(profiles: ProfileService) -> None:
    stop = AfterThree()
    with pytest.raises(Canceled):
        profiles.create(ProfileRequest("half", "uploads/set"), stop)
    assert stop.looks == 4
    with pytest.raises(NotFound):
        profiles.get("half")


def test_comparing_and_drawing_stop(profiles: ProfileService) -> None:
    profiles.create(ProfileRequest("whole", "uploads/set"))
    for work in (profiles.compare, profiles.plot):
        stop = AfterThree()
        with pytest.raises(Canceled):
            work("whole", "uploads/set", None, stop)
        assert stop.looks == 4


def test_profiles_are_listed_page_by_page(profiles: ProfileService) -> None:
    for name in ("c", "a", "b"):
        profiles.create(ProfileRequest(name, "uploads/set"))
    assert [p.name for p in profiles.list(2)] == ["a", "b"]
    assert [p.name for p in profiles.list(2, "b")] == ["c"]
    assert [p.name for p in profiles.list()] == ["a", "b", "c"]
