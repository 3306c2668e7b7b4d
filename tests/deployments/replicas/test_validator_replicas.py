"""The validators' deployment classes over a real folder and the real validators."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.validators import PrivacyWiring, QualityWiring
from engines.errors import InsufficientStorage, InvalidImage, NotFound
from engines.images import ImageLimits, encode_jpeg
from engines.privacy import PrivacyConfig
from engines.privacy.config import FaceConfig
from engines.protocols import Storage
from engines.quality import QualityConfig
from engines.types import QualityReport
from tests.engines.storage.doubles import CountingStorage

pytestmark = pytest.mark.slow

COUNT = 8


@pytest.fixture
def wiring(tmp_path: Path) -> FileWiring:
    return FileWiring(DataRoot(str(tmp_path)), ImageLimits())


@pytest.fixture
def storage(wiring: FileWiring) -> Storage:
    return wiring.data.storage()


def textured(index: int) -> bytes:
    """A JPEG that gets softer with `index`."""
    noise = np.random.default_rng(index).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    return encode_jpeg(np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7 + 0.05 * index)), 95)


def stored(storage: Storage) -> list[str]:
    keys = [f"uploads/{index}.jpg" for index in range(COUNT)]
    for index, key in enumerate(keys):
        storage.put_new(key, textured(index))
    return keys


async def test_concurrent_requests_keep_their_own_answers(
    wiring: FileWiring, storage: Storage
) -> None:
    keys = stored(storage)
    replica = QualityReplica(QualityWiring(QualityConfig(workers=2), wiring))

    async def together() -> list[float]:
        reports = await asyncio.gather(*(replica.validate(key, ["sharpness"]) for key in keys))
        assert [report.key for report in reports] == keys
        return [report.metrics["sharpness"] for report in reports]

    async def alone() -> list[float]:
        return [(await replica.validate(k, ["sharpness"])).metrics["sharpness"] for k in keys]

    sharpness = await together()
    assert sharpness == await alone()
    assert len(set(sharpness)) == COUNT
    for index in range(COUNT):
        verdict = json.loads(storage.read(f"{keys[index]}.quality.json"))
        assert verdict["file_name"] == f"{index}.jpg"
        assert verdict["findings"]["metrics"]["sharpness"] == sharpness[index]


async def test_bad_files_among_good_ones(wiring: FileWiring, storage: Storage) -> None:
    good = stored(storage)
    storage.put_new("uploads/lie.png", b"<html>not a picture</html>")
    replica = QualityReplica(QualityWiring(QualityConfig(workers=2), wiring))

    async def mixed() -> list[object]:
        keys = [good[0], "uploads/lie.png", good[1], "uploads/absent.png", good[2]]
        work = [replica.validate(key, None) for key in keys]
        return list(await asyncio.gather(*work, return_exceptions=True))

    first, lie, second, absent, third = await mixed()
    judged = [each for each in (first, second, third) if isinstance(each, QualityReport)]
    assert isinstance(lie, InvalidImage)
    assert isinstance(absent, NotFound)
    assert [report.key for report in judged] == good[:3]
    assert not list(storage.list("uploads/lie.png.quality.json"))


def test_the_configured_threads_hold_after_the_start(wiring: FileWiring) -> None:
    before = cv2.getNumThreads()
    try:
        QualityReplica(QualityWiring(QualityConfig(threads=1), wiring))
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


async def test_privacy_requests_side_by_side(wiring: FileWiring, storage: Storage) -> None:
    keys = stored(storage)[:4]
    config = PrivacyConfig(workers=2, faces=FaceConfig(detectors=("yunet",), rotations="off"))
    replica = PrivacyReplica(PrivacyWiring(config, wiring))

    async def faces_only() -> list[str]:
        reports = await asyncio.gather(
            *(replica.validate(key, check_faces=True, check_text=False) for key in keys)
        )
        assert all(report.faces_detected == 0 for report in reports)
        assert all(report.text_detected is None for report in reports)
        return [report.key for report in reports]

    assert await faces_only() == keys
    assert storage.stat(f"{keys[0]}.privacy.json").size_bytes > 0


class FullOf:
    """A data root whose storage has no room for names that end so; the rest is a folder."""

    def __init__(self, data: DataRoot, suffix: str) -> None:
        self._data = data
        self._suffix = suffix

    def in_space(self, space: str | None) -> FullOf:
        return self

    def storage(self) -> Storage:
        counting = CountingStorage(self._data.storage())
        counting.full = {"put_new": self._suffix, "replace": self._suffix}
        return counting


async def test_a_disk_that_is_full_at_the_verdict_leaves_nothing_of_an_anonymized_copy(
    tmp_path: Path, storage: Storage
) -> None:
    (key, *_) = stored(storage)
    data = cast(DataRoot, FullOf(DataRoot(str(tmp_path)), "copy.png.privacy.json"))
    config = PrivacyConfig(faces=FaceConfig(detectors=("yunet",), rotations="off"))
    replica = PrivacyReplica(PrivacyWiring(config, FileWiring(data, ImageLimits())))
    before = {stat.key for stat in storage.list("")}
    with pytest.raises(InsufficientStorage):
        await replica.anonymize(key, "box", "uploads/copy.png")
    after = {stat.key for stat in storage.list("")}
    assert {name for name in after - before if "/.index/" not in name} == set()


async def test_a_client_that_leaves_while_its_copy_is_judged_leaves_no_copy(
    wiring: FileWiring, storage: Storage
) -> None:
    (key, *_) = stored(storage)
    config = PrivacyConfig(faces=FaceConfig(detectors=("yunet",), rotations="off"))
    replica = PrivacyReplica(PrivacyWiring(config, wiring))

    work = asyncio.ensure_future(replica.anonymize(key, "box", "uploads/copy.png"))
    async with asyncio.timeout(60):  # detectors are loaded at the first image
        while not any(s.key == "uploads/copy.png" for s in storage.list("uploads")):  # noqa: ASYNC110 - a folder tells no events
            await asyncio.sleep(0.001)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    left = {stat.key for stat in storage.list("uploads") if "copy" in stat.key}
    assert left <= {"uploads/copy.png.privacy.json"}
