"""The classes of the CPU deployments over a real folder: what they answer and what they leave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.validators import PrivacyWiring, QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.records.reading import model_of_image
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import NotFound
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig
from engines.profiles.config import ProfilesConfig
from engines.quality import QualityConfig
from engines.types import (
    ExportProgress,
    ExportReport,
    ExportRequest,
    GeneratedImage,
    GenerationRequest,
    ProfileRequest,
)
from engines.types.datasets.reports import DatasetReport, ReportPage, ReportRequest

Event = TypeVar("Event")


@pytest.fixture
def files(tmp_path: Path) -> FileWiring:
    return FileWiring(DataRoot(str(tmp_path / "data")), ImageLimits())


@pytest.fixture
def keys(files: FileWiring) -> list[str]:
    """Two images of the dataset `pair`, recorded as the diffusion replica records them."""
    recorder = ImageRecorder(DatasetStore(files.data.storage()), {"torch": "2"})
    noise = np.random.default_rng(7)
    stored = []
    for number in range(2):
        request = GenerationRequest(
            image_id=f"image{number}",
            prompt="a fox",
            model_id="m",
            width=64,
            height=64,
            num_inference_steps=2,
            guidance_scale=1.0,
            seed=number,
            dataset="pair",
        )
        pixels = noise.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        image = GeneratedImage(
            pixels=pixels,
            served_model="m",
            revision="r",
            noise_scheduler="ddim",
            engine_s=0.1,
            safety={},
        )
        stored.append(recorder.record(request, image).key)
    return stored


def verdict(files: FileWiring, key: str, kind: str) -> dict[str, object]:
    content = files.data.storage().read(f"{key}.{kind}.json")
    found: dict[str, object] = json.loads(content)
    return found


async def test_a_quality_verdict_is_answered_and_left_beside_the_image(
    files: FileWiring, keys: list[str]
) -> None:
    replica = QualityReplica(QualityWiring(QualityConfig(), files))
    report = await replica.validate(keys[0], ["sharpness", "contrast"])
    assert set(report.metrics) >= {"sharpness", "contrast"}
    assert verdict(files, keys[0], "quality")["passed"] == report.passed


async def test_images_of_a_model_and_uploads_are_judged_with_different_profiles(
    files: FileWiring, keys: list[str]
) -> None:
    storage = files.data.storage()
    storage.put_new("uploads/same.png", storage.read(keys[0]))
    config = QualityConfig(profile_by_model={"m": "graphic"})
    replica = QualityReplica(QualityWiring(config, files))
    own = await replica.validate(keys[0], None)
    uploaded = await replica.validate("uploads/same.png", None)
    assert " graphic>=" in own.validator_version
    assert " auto:" in uploaded.validator_version


async def test_an_image_that_is_not_there_is_not_judged(files: FileWiring) -> None:
    replica = QualityReplica(QualityWiring(QualityConfig(), files))
    with pytest.raises(NotFound):
        await replica.validate("generated/none.png", None)


@pytest.mark.slow
async def test_a_privacy_verdict_is_answered_and_left_beside_the_image(
    files: FileWiring, keys: list[str]
) -> None:
    replica = PrivacyReplica(PrivacyWiring(PrivacyConfig(), files))
    report = await replica.validate(keys[1], check_faces=True, check_text=False)
    assert report.faces_detected == 0
    assert verdict(files, keys[1], "privacy")["passed"] == report.passed


@pytest.mark.slow
async def test_an_anonymized_copy_says_what_it_is_a_copy_of(
    files: FileWiring, keys: list[str]
) -> None:
    replica = PrivacyReplica(PrivacyWiring(PrivacyConfig(), files))
    copy = "generated/clean/copy.png"
    before = files.data.storage().read(keys[0])
    report = await replica.anonymize(keys[0], "blur", copy)
    assert report.passed
    assert files.data.storage().read(keys[0]) == before
    lineage = json.loads(files.data.storage().read("generated/clean/copy.json"))
    assert keys[0] in json.dumps(lineage)
    assert model_of_image(files.data.storage(), copy) == "m"


async def collected(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_a_dataset_is_listed_exported_and_deleted(files: FileWiring, keys: list[str]) -> None:
    replica = ExporterReplica(ExportWiring(ExportConfig(), files))
    (summary,) = await replica.list_datasets()
    assert (summary.name, summary.image_count) == ("pair", len(keys))
    request = ExportRequest("jsonl", "generated/pair", "exports/pair.jsonl")
    *progress, report = await collected(replica.export(request))
    assert isinstance(report, ExportReport)
    assert progress == [ExportProgress(len(keys), len(keys))]
    lines = files.data.storage().read("exports/pair.jsonl").splitlines()
    assert report.exported_count == len(lines) == len(keys)
    assert json.loads(lines[0])["image_path"] == "image0.png"
    await replica.delete_dataset("pair")
    with pytest.raises(NotFound):
        await replica.get_dataset("pair")


async def test_a_profile_of_a_dataset_compares_with_itself(
    files: FileWiring, keys: list[str]
) -> None:
    replica = ProfilesReplica(ProfilesWiring(ProfilesConfig(), files))
    shipped = [profile.name for profile in await replica.list()]
    assert shipped
    made = await replica.create(ProfileRequest("pairs", "generated/pair"))
    assert made.sample_count == len(keys)
    comparison = await replica.compare("pairs", "generated/pair", None)
    assert comparison.conformance == pytest.approx(100.0)
    await replica.delete("pairs")
    assert [profile.name for profile in await replica.list()] == shipped


@pytest.mark.slow
async def test_every_replica_says_that_it_is_ready(files: FileWiring) -> None:
    assert await QualityReplica(QualityWiring(QualityConfig(), files)).ready()
    assert await PrivacyReplica(PrivacyWiring(PrivacyConfig(), files)).ready()
    assert await ExporterReplica(ExportWiring(ExportConfig(), files)).ready()
    assert await ProfilesReplica(ProfilesWiring(ProfilesConfig(), files)).ready()


async def test_the_exporter_reports_on_a_dataset(files: FileWiring, keys: list[str]) -> None:
    exporter = ExporterReplica(ExportWiring(ExportConfig(), files))
    data = [event async for event in exporter.report(ReportRequest("pair"))][-1]
    assert isinstance(data, DatasetReport)
    assert (data.images, data.made_by["library"]) == (2, {"torch 2": 2})
    assert data.settings["encoder"] == "efficientnet-lite0@579344248a93"
    page = [event async for event in exporter.report(ReportRequest("pair", as_page=True))][-1]
    assert isinstance(page, ReportPage)
    assert page.html.startswith("<!doctype html>")
    with pytest.raises(NotFound):
        [event async for event in exporter.report(ReportRequest("absent"))]
