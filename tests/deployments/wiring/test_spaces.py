"""A space's keys and names are its own, in every replica."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.config import PoolConfig
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.spaces import PerSpace, SpaceHandle
from deployments.wiring.validators import QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.errors import InvalidParameters, NotFound
from engines.images import ImageLimits
from engines.profiles.config import ProfilesConfig
from engines.quality import QualityConfig
from engines.types import (
    ExportReport,
    ExportRequest,
    GeneratedImage,
    GenerationRequest,
    ProfileRequest,
    StoredImage,
)

POOL = {
    "name": "tiny",
    "engine": {"models": [{"id": "m", "source": {"kind": "tiny"}}], "torch_threads": 1},
}


@pytest.fixture
def data(tmp_path: Path) -> DataRoot:
    return DataRoot(str(tmp_path))


@pytest.fixture
def files(data: DataRoot) -> FileWiring:
    return FileWiring(data, ImageLimits())


def make(
    data: DataRoot, space: str | None, image_id: str = "one", profile: str | None = None
) -> StoredImage:
    """An image in the dataset "pair" of a space, stored as a diffusion replica stores it."""
    request = GenerationRequest(
        image_id, "a fox", "m", 64, 64, 2, 7.5, 1, dataset="pair", profile=profile, space=space
    )
    noise = np.random.default_rng(len(image_id)).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    image = GeneratedImage(noise, "m", "r", "DDIMScheduler", {})
    wiring = DiffusionWiring(PoolConfig.model_validate(POOL), data, "/models")
    return wiring.recorder().record(request, image)


def test_an_image_lies_in_the_folders_of_its_space(data: DataRoot, tmp_path: Path) -> None:
    assert make(data, "acme").key == make(data, None).key == "generated/pair/one.png"
    assert (tmp_path / "spaces/acme/generated/pair/one.png").is_file()
    assert (tmp_path / "generated/pair/one.png").is_file()


def test_a_generation_finds_the_shipped_profiles_in_a_new_space(data: DataRoot) -> None:
    shipped = next(
        stat.key.removeprefix("profiles/stream_").removesuffix(".json")
        for stat in _seeded(data).list("profiles")
    )
    assert make(data, "acme", profile=shipped).served_model == "m"


def _seeded(data: DataRoot) -> Any:
    ProfilesReplica(ProfilesWiring(ProfilesConfig(), FileWiring(data, ImageLimits())))
    return data.storage()


@pytest.mark.parametrize("space", ["", ".", "..", "a/b", "../b", "A", "a_b", "-a", "a-", "a" * 64])
def test_a_name_that_is_no_space_reaches_no_folder(data: DataRoot, space: str) -> None:
    with pytest.raises(InvalidParameters):
        data.in_space(space)


def test_a_link_out_of_a_space_is_outside(data: DataRoot, tmp_path: Path) -> None:
    make(data, "other")
    storage = data.in_space("acme").storage()
    (tmp_path / "spaces/acme/generated").symlink_to(tmp_path / "spaces/other/generated")
    with pytest.raises(InvalidParameters):
        storage.read("generated/pair/one.png")


def test_a_space_on_s3_is_a_prefix_below_the_roots() -> None:
    data = DataRoot("s3://bucket/prefix").in_space("acme")
    assert data.wire_path("generated/x.png") == "s3://bucket/prefix/generated/x.png"


async def test_datasets_are_listed_exported_and_deleted_within_a_space(
    data: DataRoot, files: FileWiring
) -> None:
    make(data, "acme")
    make(data, "other", "two")
    make(data, "other", "three")

    replica = ExporterReplica(ExportWiring(ExportConfig(), files))
    assert await replica.list_datasets() == []
    (summary,) = await replica.list_datasets(space="acme")
    assert (summary.name, summary.image_count) == ("pair", 1)
    request = ExportRequest("jsonl", "generated/pair", "exports/pair.jsonl")
    *_, report = [event async for event in replica.export(request, space="acme")]
    assert isinstance(report, ExportReport)
    assert report.exported_count == 1
    line = data.in_space("acme").storage().read("exports/pair.jsonl").decode()
    assert '"../generated/pair/one.png"' in line
    assert data.root not in line
    assert "spaces" not in line
    await replica.delete_dataset("pair", space="acme")
    assert (await replica.get_dataset("pair", space="other")).image_count == 2
    with pytest.raises(NotFound):
        await replica.get_dataset("pair", space="acme")


async def test_profiles_of_one_name_are_two_in_two_spaces(
    data: DataRoot, files: FileWiring
) -> None:
    make(data, "acme")

    replica = ProfilesReplica(ProfilesWiring(ProfilesConfig(), files))
    made = await replica.create(ProfileRequest("mine", "generated/pair"), space="acme")
    assert (made.key, made.sample_count) == ("profiles/stream_mine.json", 1)
    shipped = {profile.name for profile in await replica.list()}
    assert {profile.name for profile in await replica.list(space="acme")} == shipped | {"mine"}
    for space in (None, "other"):
        with pytest.raises(NotFound):
            await replica.get("mine", space=space)
        with pytest.raises(NotFound):
            await replica.compare(next(iter(shipped)), "generated/pair", None, space=space)
    await replica.delete(next(iter(shipped)), space="acme")
    assert {profile.name for profile in await replica.list()} == shipped


async def test_a_verdict_lies_beside_the_image_of_its_space(
    data: DataRoot, files: FileWiring, tmp_path: Path
) -> None:
    make(data, "acme")

    replica = QualityReplica(QualityWiring(QualityConfig(), files))
    report = await replica.validate("generated/pair/one.png", None, space="acme")
    assert report.key == "generated/pair/one.png"
    with pytest.raises(NotFound):
        await replica.validate("generated/pair/one.png", None, space="other")
    assert (tmp_path / "spaces/acme/generated/pair/one.png.quality.json").is_file()
    assert not (tmp_path / "generated").exists()


class Handle:
    """Remembers how it was called."""

    def __init__(self) -> None:
        self.called: list[tuple[tuple[object, ...], dict[str, object]]] = []
        self.optioned: dict[str, object] = {}

    def options(self, **options: object) -> Handle:
        self.optioned = options
        return self

    @property
    def get(self) -> Handle:
        return self

    def remote(self, *args: object, **kwargs: object) -> None:
        self.called.append((args, kwargs))


@pytest.mark.parametrize("space", ["acme", None])
def test_every_call_over_a_handle_names_its_space(space: str | None) -> None:
    handle = Handle()
    bound = SpaceHandle(handle, space)
    bound.get.remote("x")
    bound.options(stream=True).get.remote("x", y=1)
    assert handle.called == [(("x",), {"space": space}), (("x",), {"y": 1, "space": space})]
    assert handle.optioned == {"stream": True}


@pytest.mark.parametrize(
    "replica", [ExporterReplica, ProfilesReplica, QualityReplica, PrivacyReplica]
)
def test_no_method_of_a_replica_forgets_the_space(replica: type) -> None:
    methods = {name: method for name, method in vars(replica).items() if callable(method)}
    for name, method in methods.items():
        if not name.startswith("_") and name not in ("ready", "check_health"):
            parameters = inspect.signature(method).parameters
            assert "space" in parameters, f"{replica.__name__}.{name} would serve every tenant"


def counted() -> tuple[Callable[[str | None], object], list[str | None]]:
    built: list[str | None] = []

    def build(space: str | None) -> object:
        built.append(space)
        return object()

    return build, built


async def test_each_space_is_built_once() -> None:
    build, built = counted()
    spaces = PerSpace(build)
    assert spaces.get("a") is spaces.get("a")
    assert await spaces.of("a") is spaces.get("a")
    assert spaces.get(None) is not spaces.get("a")
    assert built == ["a", None]


def test_the_space_not_asked_for_longest_is_built_anew() -> None:
    build, built = counted()
    spaces = PerSpace(build, most=2)
    for space in ("a", "b", "a", "c", "a", "b"):
        spaces.get(space)
    assert built == ["a", "b", "c", "b"]


def test_a_space_that_cannot_be_built_is_tried_again() -> None:
    attempts: list[str | None] = []

    def build(space: str | None) -> str:
        attempts.append(space)
        if len(attempts) == 1:
            raise InvalidParameters.of("space", space, "x", "y")
        return "built"

    spaces = PerSpace(build)
    with pytest.raises(InvalidParameters):
        spaces.get("a")
    assert spaces.get("a") == "built"
