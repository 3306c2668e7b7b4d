"""Features that a profile keeps: made, extended, sampled, removed, and safe against two writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import Conflict, InvalidParameters, NotFound
from engines.metrics.phash import phash64_with_mirror
from engines.profiles import ProfileService
from engines.profiles.config import ProfilesConfig
from engines.profiles.features import FeatureCollector, ProfileFeatures
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

FOLDER = "uploads/real"


@dataclass
class Means:
    """The mean color as a vector."""

    name: str = "means@1"
    dimensions: int = 3
    encoded: int = 0

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        self.encoded += len(pictures)
        return np.array([each.mean(axis=(0, 1)) / 255 for each in pictures], np.float32)


def flat(value: int) -> Pixels:
    return np.full((8, 8, 3), value, np.uint8)


def put(root: Path, folder: str, values: Sequence[int]) -> None:
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    for value in values:
        Image.fromarray(flat(value)).save(place / f"{value:03}.png")


def service_over(root: Path, encoder: Means | None = None, most: int = 20) -> ProfileService:
    one = encoder or Means()
    config = ProfilesConfig(max_features=most)
    return ProfileService(FolderStorage(root), config=config, encoder=lambda: (one, ""))


def features_of(service: ProfileService, name: str) -> ProfileFeatures:
    facts = service.feature_facts(name)
    assert facts is not None
    return service.features(name, facts)


def files_below(root: Path) -> list[Path]:
    return list((root / "profiles").rglob("*.safetensors"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, FOLDER, (10, 20, 30))
    return tmp_path


def test_features_are_kept_on_demand_and_counted_with_the_profile(root: Path) -> None:
    service = service_over(root)
    plain = service.create(ProfileRequest("plain", FOLDER))
    kept = service.create(ProfileRequest("kept", FOLDER, keep_features=True))
    assert (plain.kept_features, kept.kept_features) == (0, 3)
    assert service.get("kept").size_bytes == kept.size_bytes
    (file,) = files_below(root)
    json_bytes = (root / kept.key).stat().st_size
    assert kept.size_bytes == json_bytes + file.stat().st_size
    assert service.feature_facts("plain") is None
    found = features_of(service, "kept")
    np.testing.assert_allclose(found.vectors[:, 0], np.array([10, 20, 30]) / 255, atol=1e-3)
    assert [tuple(row) for row in found.hashes.tolist()] == [
        phash64_with_mirror(flat(value)) for value in (10, 20, 30)
    ]
    assert [each.name for each in service.list()] == ["kept", "plain"]


def test_an_update_goes_on_with_them_and_leaves_no_old_file(root: Path) -> None:
    service = service_over(root)
    service.create(ProfileRequest("kept", FOLDER, keep_features=True))
    put(root, "uploads/more", (40, 50))
    more = service.create(ProfileRequest("kept", "uploads/more", update=True))
    assert (more.sample_count, more.kept_features) == (5, 5)
    assert len(features_of(service, "kept")) == 5
    assert len(files_below(root)) == 1


def test_a_repeated_request_makes_nothing_twice(root: Path) -> None:
    encoder = Means()
    service = service_over(root, encoder)
    request = ProfileRequest("kept", FOLDER, keep_features=True)
    service.create(request)
    assert service.create(request).kept_features == 3
    assert encoder.encoded == 3


def test_features_cannot_be_added_later_or_by_another_encoder(root: Path) -> None:
    service = service_over(root)
    service.create(ProfileRequest("plain", FOLDER))
    service.create(ProfileRequest("kept", FOLDER, keep_features=True))
    with pytest.raises(InvalidParameters, match="keep_features must be set when"):
        service.create(ProfileRequest("plain", FOLDER, update=True, keep_features=True))
    other = service_over(root, Means(name="others@2"))
    with pytest.raises(InvalidParameters, match=r"of the encoder means@1.*has others@2"):
        other.create(ProfileRequest("kept", FOLDER, update=True))
    without = ProfileService(FolderStorage(root))
    with pytest.raises(InvalidParameters, match="no encoder is set up here"):
        without.create(ProfileRequest("new", FOLDER, keep_features=True))
    assert len(features_of(service, "kept")) == 3


def test_they_go_with_their_profile(root: Path) -> None:
    service = service_over(root)
    service.create(ProfileRequest("kept", FOLDER, keep_features=True))
    service.create(ProfileRequest("kept.2", FOLDER, keep_features=True))
    service.delete("kept")
    assert len(files_below(root)) == 1
    assert len(features_of(service, "kept.2")) == 3
    service.create(ProfileRequest("kept", FOLDER))
    assert service.feature_facts("kept") is None


def test_of_two_writers_the_loser_leaves_nothing(root: Path) -> None:
    service = service_over(root)
    service.create(ProfileRequest("kept", FOLDER, keep_features=True))

    class Racing(FolderStorage):
        """Somebody else extends the profile while this one measures."""

        def list(self, prefix: str, after: str = "") -> Any:
            if prefix == FOLDER:
                service.create(ProfileRequest("kept", FOLDER, update=True))
            return super().list(prefix, after)

    racing = ProfileService(Racing(root), encoder=lambda: (Means(), ""))
    with pytest.raises(Conflict):
        racing.create(ProfileRequest("kept", FOLDER, update=True))
    assert len(files_below(root)) == 1
    assert len(features_of(service, "kept")) == 6
    with pytest.raises(NotFound):
        service.feature_facts("none")


def test_of_many_images_a_sample_is_kept_and_the_rest_is_not_encoded(tmp_path: Path) -> None:
    put(tmp_path, FOLDER, range(200))
    encoder = Means()
    service = service_over(tmp_path, encoder)
    made = service.create(ProfileRequest("kept", FOLDER, keep_features=True))
    assert (made.sample_count, made.kept_features) == (200, 20)
    assert 20 < encoder.encoded < 120
    values = features_of(service, "kept").vectors[:, 0] * 255
    assert len({round(float(value)) for value in values}) == 20
    assert values.max() > 100  # not the first ones only


def test_the_sample_is_spread_and_the_same_in_one_go_or_in_several() -> None:
    whole, first = FeatureCollector(Means(), 40), FeatureCollector(Means(), 40)
    for value in range(256):
        whole.add(flat(value))
        if value < 100:
            first.add(flat(value))
    second = FeatureCollector(Means(), 40, first.found(), first.seen)
    for value in range(100, 256):
        second.add(flat(value))
    np.testing.assert_array_equal(second.found().vectors, whole.found().vectors)
    np.testing.assert_array_equal(second.found().hashes, whole.found().hashes)
    values = whole.found().vectors[:, 0].astype(float) * 255
    assert 100 < values.mean() < 155  # of a uniform draw 127, give or take 12
    assert whole.seen == 256
