"""Profiles: statistics that merge, comparisons that mean something, files that survive."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.errors import Conflict, InvalidParameters, NotFound, StorageFailed
from engines.images import ImageLimits, decode
from engines.metrics.phash import phash64
from engines.profiles import ProfileBuilder, ProfileService, match_colors
from engines.profiles.comparison import compare, wasserstein
from engines.profiles.measures import lab_of
from engines.profiles.plot import comparison_svg
from engines.profiles.statistics import Moments
from engines.storage.folder.storage import FolderStorage
from engines.types import ProfileRequest

if TYPE_CHECKING:
    from engines.types import Pixels

PHOTOS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "grass.png",
    "gravel.png",
    "rocket.jpg",
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def photo(name: str) -> Pixels:
    import skimage.data

    content = Path(skimage.data.__file__).with_name(name).read_bytes()
    return decode(content, ImageLimits()).pixels


def built(*pictures: Pixels) -> ProfileBuilder:
    builder = ProfileBuilder()
    for picture in pictures:
        builder.add(picture)
    return builder


def noise(seed: int, tint: tuple[int, int, int] = (0, 0, 0)) -> Pixels:
    draw = np.random.default_rng(seed).integers(0, 200, (48, 64, 3))
    return cast("Pixels", np.clip(draw + np.array(tint), 0, 255).astype(np.uint8))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1), st.lists(st.floats(-1e3, 1e3), min_size=1))
def test_merged_moments_are_those_of_all_values(left: list[float], right: list[float]) -> None:
    def moments(values: list[float]) -> Moments:
        found = Moments()
        for value in values:
            found.add(value)
        return found

    merged = moments(left)
    merged.merge(moments(right))
    together = left + right
    assert merged.mean == pytest.approx(np.mean(together), abs=1e-6)
    assert merged.deviation == pytest.approx(np.std(together), abs=1e-4)


@settings(max_examples=10)
@given(st.integers(1, 3))
def test_merging_builders_is_adding_their_images(split: int) -> None:
    pictures = [noise(seed) for seed in range(4)]
    whole = built(*pictures).statistics()
    parts = built(*pictures[:split])
    parts.merge(built(*pictures[split:]))
    merged = parts.statistics()
    np.testing.assert_allclose(flat(merged), flat(whole), rtol=1e-6, atol=1e-6)


def flat(statistics: Any) -> list[float]:
    if isinstance(statistics, dict):
        return [x for key in sorted(statistics) for x in flat(statistics[key])]
    if isinstance(statistics, list):
        return [x for item in statistics for x in flat(item)]
    return [] if isinstance(statistics, str) else [float(statistics)]


def test_a_weight_counts_an_image_more_often() -> None:
    dark, bright = np.full((16, 16, 3), 0, np.uint8), np.full((16, 16, 3), 255, np.uint8)
    builder = built(dark)
    builder.merge(built(bright), weight=3.0)
    assert cast("float", builder.statistics()["brightness_mean"]) == pytest.approx(0.75)
    assert builder.sample_count == 2


def test_the_state_continues_where_it_stopped() -> None:
    first = built(noise(1), noise(2))
    again = ProfileBuilder.from_state(json.loads(json.dumps(first.state())))
    first.add(noise(3))
    again.add(noise(3))
    np.testing.assert_allclose(flat(first.statistics()), flat(again.statistics()), rtol=1e-9)


def test_the_references_keys_are_there() -> None:
    found = built(np.full((10, 20, 3), (255, 0, 51), np.uint8)).statistics()
    colors = cast("dict[str, float]", found["color_distribution"])
    assert colors["red_mean"] == pytest.approx(1.0)
    assert colors["green_mean"] == pytest.approx(0.0)
    assert colors["blue_mean"] == pytest.approx(0.2)
    resolution = cast("dict[str, float]", found["resolution"])
    assert (resolution["width_mean"], resolution["height_mean"]) == (20, 10)
    (dominant,) = cast("list[dict[str, Any]]", found["dominant_colors"])
    assert dominant["share"] == 1.0


def test_a_profile_conforms_to_itself_and_less_to_others() -> None:
    photos = [photo(name).copy() for name in ("coffee.png", "chelsea.png", "rocket.jpg")]
    real = built(*photos).statistics()
    dimmed = built(*(cast("Pixels", (p * 0.6).astype(np.uint8)) for p in photos)).statistics()
    junk = built(noise(1), noise(2)).statistics()
    scores = [compare(real, other, ("a", "b")).conformance for other in (real, dimmed, junk)]
    assert scores[0] == 100.0
    assert scores[0] > scores[1] > scores[2]


def test_wasserstein_knows_how_far_and_that_hue_is_a_circle() -> None:
    def at(bin_: int) -> list[float]:
        return [float(index == bin_) for index in range(32)]

    assert wasserstein(at(0), at(0)) == 0
    assert wasserstein(at(0), at(16)) == pytest.approx(0.5)
    assert wasserstein(at(0), at(31), circular=True) < 0.05


def test_colors_move_to_the_profile_by_strength() -> None:
    target = built(noise(5, tint=(50, 0, 0))).statistics()
    picture = noise(6, tint=(0, 0, 50))

    def distance(strength: float) -> float:
        means = cast("dict[str, float]", target["means"])
        wanted = np.array([means[f"lab_{axis}"] for axis in "lab"])
        matched = match_colors(picture, target, strength)
        return float(np.linalg.norm(lab_of(matched).reshape(-1, 3).mean(axis=0) - wanted))

    assert np.array_equal(match_colors(picture, target, 0.0), picture)
    assert distance(0.0) > distance(0.5) > distance(1.0)
    assert distance(1.0) < 3


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
    assert any(text.startswith("100: alike") for text in said)


def test_the_photographs_are_those_of_the_provenance_table() -> None:
    import skimage.data

    table = files("engines.profiles").joinpath("data/README.md").read_text()
    for name in PHOTOS:
        content = Path(skimage.data.__file__).with_name(name).read_bytes()
        row = next(line for line in table.splitlines() if f"`{name}`" in line)
        assert hashlib.sha256(content).hexdigest() in row


def test_the_shipped_profile_is_that_of_the_photographs() -> None:
    resource = files("engines.profiles").joinpath("data/stream_sample_photos.json")
    shipped = json.loads(resource.read_bytes())
    rebuilt = built(*(photo(name) for name in PHOTOS)).statistics()
    for name, value in cast("dict[str, float]", rebuilt["means"]).items():
        assert shipped["statistics"]["means"][name] == pytest.approx(value, rel=0.001, abs=1e-4), (
            name
        )


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
