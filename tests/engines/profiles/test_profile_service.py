"""Profiles kept in a storage: made, listed, extended, drawn and deleted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from engines.errors import Conflict, InvalidParameters, NotFound, StorageFailed
from engines.metrics.phash import phash64
from engines.profiles import ProfileService
from engines.profiles.comparison import compare
from engines.profiles.plot import comparison_svg
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest
from tests.engines.profiles.pictures import PHOTOS, built, noise, photo

if TYPE_CHECKING:
    pass


START = datetime(2026, 1, 1, tzinfo=UTC)


class Ticking:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    folder = tmp_path / "generated" / "set"
    folder.mkdir(parents=True)
    for seed in range(3):
        Image.fromarray(noise(seed)).save(folder / f"{seed}.png")
    (folder / "notes.json").write_text("{}")
    return FolderStorage(tmp_path)


def test_a_profile_does_not_begin_beside_one_of_another_case(storage: FolderStorage) -> None:
    service = ProfileService(storage, clock=Ticking())
    service.create(ProfileRequest("Office", "generated/set"))
    for update in (False, True):
        with pytest.raises(Conflict, match="Office exists, and OFFICE differs from it"):
            service.create(ProfileRequest("OFFICE", "generated/set", update=update))
    assert [summary.name for summary in service.list()] == ["Office"]
    service.delete("Office")
    assert service.create(ProfileRequest("OFFICE", "generated/set")).sample_count == 3


def test_profiles_that_differ_only_in_case_already_both_go_on(storage: FolderStorage) -> None:
    service = ProfileService(storage, clock=Ticking())
    service.create(ProfileRequest("office", "generated/set"))
    written = storage.read("profiles/stream_office.json")
    storage.put_new("profiles/stream_Office.json", written)
    for name in ("office", "Office"):
        assert service.create(ProfileRequest(name, "generated/set", update=True)).sample_count == 6


def test_a_profile_is_made_listed_extended_and_deleted(storage: FolderStorage) -> None:
    service = ProfileService(storage, clock=Ticking())
    made = service.create(ProfileRequest("mine", "generated/set"))
    assert made.sample_count == 3
    assert made.key == "profiles/stream_mine.json"
    with pytest.raises(Conflict):
        service.create(ProfileRequest("mine", "generated/set"))
    more = service.create(ProfileRequest("mine", "generated/set", update=True))
    assert more.sample_count == 6
    assert more.created_at == made.created_at < more.updated_at
    assert [summary.name for summary in service.list()] == ["mine"]
    assert service.compare("mine", "generated/set", None).conformance == 100.0
    service.delete("mine")
    with pytest.raises(NotFound):
        service.get("mine")


def test_a_folder_without_images_is_said(storage: FolderStorage, tmp_path: Path) -> None:
    service = ProfileService(storage)
    with pytest.raises(NotFound):
        service.create(ProfileRequest("mine", "generated/absent"))
    broken = tmp_path / "uploads"
    broken.mkdir()
    (broken / "x.png").write_bytes(b"<svg/>")
    with pytest.raises(InvalidParameters):
        service.create(ProfileRequest("mine", "uploads"))


def test_of_two_writers_one_gets_a_conflict(storage: FolderStorage, tmp_path: Path) -> None:
    service = ProfileService(storage)
    service.create(ProfileRequest("mine", "generated/set"))

    class Racing(FolderStorage):
        """Somebody else extends the profile while this one measures."""

        def list(self, prefix: str, after: str = "") -> Any:
            if prefix == "generated/set":
                service.create(ProfileRequest("mine", "generated/set", update=True))
            return super().list(prefix, after)

    racing = ProfileService(Racing(tmp_path))
    with pytest.raises(Conflict):
        racing.create(ProfileRequest("mine", "generated/set", update=True))
    assert service.get("mine").sample_count == 6


def test_a_damaged_file_is_a_clear_failure(storage: FolderStorage) -> None:
    storage.replace("profiles/stream_bad.json", b"{")
    with pytest.raises(StorageFailed, match="bad"):
        ProfileService(storage).get("bad")


def test_seeding_is_idempotent_and_keeps_what_is_there(storage: FolderStorage) -> None:
    service = ProfileService(storage)
    service.seed()
    before = service.get("sample_photos")
    service.seed()
    assert service.get("sample_photos") == before
    assert before.sample_count == len(PHOTOS)


def test_hashes_are_kept_on_demand_only_and_go_on(storage: FolderStorage) -> None:
    service = ProfileService(storage)
    service.create(ProfileRequest("plain", "generated/set"))
    service.create(ProfileRequest("kept", "generated/set", keep_hashes=True))
    service.create(ProfileRequest("kept", "generated/set", update=True))
    assert b'"hashes"' not in storage.read("profiles/stream_plain.json")
    document = json.loads(storage.read("profiles/stream_kept.json"))
    expected = [f"{phash64(noise(seed)):016x}" for seed in range(3)]
    assert document["hashes"] == expected * 2
    assert "hashes" not in document["state"]
    assert "hashes" not in service.get("kept").statistics


def test_a_comparison_is_drawn_as_well_formed_svg(storage: FolderStorage) -> None:
    service = ProfileService(storage)
    service.seed()
    drawn = ElementTree.fromstring(service.plot("sample_photos", "generated/set", None))
    text = " ".join(drawn.itertext())
    conformance = service.compare("sample_photos", "generated/set", None).conformance
    assert f"Conformance {conformance:.1f} of 100" in text
    assert "generated/set" in text
    lines = [node for node in drawn.iter() if node.tag.endswith("polyline")]
    assert len(lines) == 12


def test_names_cannot_break_out_of_the_svg() -> None:
    found = built(noise(1)).statistics()
    evil = "<script>x</script>"
    drawn = comparison_svg(found, found, compare(found, found, (evil, "b&c")))
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_the_drawing_says_what_its_axes_measure() -> None:
    left, right = built(noise(1)).statistics(), built(noise(2)).statistics()
    drawn = ElementTree.fromstring(comparison_svg(left, right, compare(left, right, ("a", "b"))))
    said = [text.text or "" for text in drawn.iter() if text.tag.endswith("text")]
    assert {"0°", "360°", "dark", "bright"} <= set(said)
    assert sum("% of pixels" in text for text in said) == 6
    assert any(text.startswith("100: equal") for text in said)


def test_one_image_is_held_against_a_profile(tmp_path: Path) -> None:
    """The photographs of a profile lie nearer to it than what looks like nothing of the kind."""
    storage = FolderStorage(tmp_path)
    profiles = ProfileService(storage)
    profiles.seed()
    for name, pixels in (("cat", photo("chelsea.png")), ("red", np.full((64, 64, 3), [250, 0, 0]))):
        Image.fromarray(np.asarray(pixels, np.uint8)).save(tmp_path / f"{name}.png")
        storage.put_new(f"uploads/{name}.png", (tmp_path / f"{name}.png").read_bytes())
    near = profiles.conformance("sample_photos", "uploads/cat.png")
    far = profiles.conformance("sample_photos", "uploads/red.png")
    assert far < 15 < 35 < near <= 100
    assert profiles.conformance("sample_photos", "uploads/cat.png") == near
    with pytest.raises(NotFound, match="none"):
        profiles.conformance("none", "uploads/cat.png")
    with pytest.raises(NotFound):
        profiles.conformance("sample_photos", "uploads/dog.png")
