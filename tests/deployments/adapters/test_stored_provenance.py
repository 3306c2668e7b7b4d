"""Verification over a real data root: marks, their lines in the log, sheets."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.adapters.provenance import StoredProvenance
from deployments.replicas.exporter import ExporterReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring
from deployments.wiring.marks import NO_MARKS, MarksWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import Forbidden, InvalidImage, NotFound
from engines.images import ImageLimits
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from engines.types import GeneratedImage, GenerationRequest
from tests.engines.provenance.conftest import some_pixels


@pytest.fixture
def files(tmp_path: Path) -> FileWiring:
    return FileWiring(DataRoot(str(tmp_path / "data")), ImageLimits())


@pytest.fixture
def storage(files: FileWiring) -> Storage:
    return files.data.storage()


@pytest.fixture
def marks(tmp_path: Path) -> MarksWiring:
    return MarksWiring(MarksConfig(), str(tmp_path / "state"))


@pytest.fixture
def key(storage: Storage, marks: MarksWiring) -> str:
    """A marked image of the dataset d."""
    recorder = ImageRecorder(DatasetStore(storage), {}, marks=marks.maker()(storage))
    request = GenerationRequest("image_1", "a fox", "m", 64, 64, 2, 1.0, 42, dataset="d")
    image = GeneratedImage(some_pixels(), "m", None, "DDIMScheduler", {}, ())
    return recorder.record(request, image).key


@pytest.fixture
def provenance(storage: Storage, marks: MarksWiring, key: str) -> StoredProvenance:
    return StoredProvenance(storage, marks.anchors(storage))


async def test_a_stored_image_is_known_with_its_line_in_the_log(
    provenance: StoredProvenance, storage: Storage, key: str
) -> None:
    found = await provenance.verify_stored(key)
    assert (found["mark"], found["signature"]) == ("present", "development")
    assert (found["changed"], found["made_by_ai"], found["recipe_matches"]) == (False, True, True)
    log = found["log"]
    assert isinstance(log, dict)
    assert (log["key"], log["event"]) == (key, "created")
    assert await provenance.verify(storage.read(key)) == found


async def test_a_flipped_bit_has_no_line_in_the_log(
    provenance: StoredProvenance, storage: Storage, key: str
) -> None:
    content = bytearray(storage.read(key))
    content[-30] ^= 1
    found = await provenance.verify(bytes(content))
    assert (found["changed"], found["log"]) == (True, None)


async def test_an_image_of_another_house_is_not_known_here(
    provenance: StoredProvenance, tmp_path: Path
) -> None:
    other = MarksWiring(MarksConfig(), str(tmp_path / "other_state"))
    elsewhere = DataRoot(str(tmp_path / "elsewhere")).storage()
    recorder = ImageRecorder(DatasetStore(elsewhere), {}, marks=other.maker()(elsewhere))
    request = GenerationRequest("image_1", "a fox", "m", 64, 64, 2, 1.0, 42)
    image = GeneratedImage(some_pixels(), "m", None, "DDIMScheduler", {}, ())
    content = elsewhere.read(recorder.record(request, image).key)
    found = await provenance.verify(content)
    assert (found["signature"], found["changed"], found["log"]) == ("unknown", False, None)


async def test_what_carries_no_mark_is_refused_and_what_is_absent_is_not_found(
    provenance: StoredProvenance,
) -> None:
    with pytest.raises(InvalidImage):
        await provenance.verify(b"<html>")
    with pytest.raises(NotFound):
        await provenance.verify_stored("generated/none.png")


async def test_the_log_is_walked(provenance: StoredProvenance, storage: Storage) -> None:
    assert (await provenance.check_log())["entries"] == 1
    (stat,) = storage.list(".marks/log")
    storage.replace(stat.key, storage.read(stat.key).replace(b"created", b"edited_"))
    report = await provenance.check_log()
    assert report["intact"] is True  # a last line has no one after it that tells
    storage.append(stat.key, b'{"n":1,"before":"00"}\n')
    assert (await provenance.check_log())["intact"] is False


async def test_a_dataset_is_signed_and_checked(
    provenance: StoredProvenance, storage: Storage, files: FileWiring, marks: MarksWiring, key: str
) -> None:
    with pytest.raises(NotFound, match="sheet"):
        await provenance.check_sheet("d")
    replica = ExporterReplica(ExportWiring(ExportConfig(), files, marks))
    sheet = await replica.sign_dataset("d")
    assert (sheet.file_count, sheet.is_development) == (2, True)
    report = await provenance.check_sheet("d")
    assert (report["unchanged"], report["signature"]) == (True, "development")
    storage.delete(key)
    storage.put_new("generated/d/new.txt", b"new")
    report = await provenance.check_sheet("d")
    assert (report["lost"], report["added"]) == (["image_1.png"], ["new.txt"])
    assert (report["unchanged"], report["counts"]) == (False, {"added": 1, "lost": 1, "changed": 0})


async def test_a_log_that_was_cut_since_signing_is_told(
    provenance: StoredProvenance, storage: Storage, files: FileWiring, marks: MarksWiring
) -> None:
    await ExporterReplica(ExportWiring(ExportConfig(), files, marks)).sign_dataset("d")
    (first,) = (s for s in storage.list(".marks/log") if b"created" in storage.read(s.key))
    storage.delete(first.key)
    report = await provenance.check_sheet("d")
    assert report["unchanged"] is False
    assert report["log_lost"] == [first.key.rpartition("/")[2].removesuffix(".jsonl")]


async def test_a_sheet_of_rubbish_is_answered(
    provenance: StoredProvenance, storage: Storage
) -> None:
    storage.put_new("generated/d/inferloop.sheet.jsonl", b"rubbish\n" * 3)
    report = await provenance.check_sheet("d")
    assert (report["signature"], report["unchanged"]) == ("invalid", False)


async def test_without_marks_nothing_is_signed(files: FileWiring, key: str) -> None:
    replica = ExporterReplica(ExportWiring(ExportConfig(), files, NO_MARKS))
    with pytest.raises(Forbidden, match="switched off"):
        await replica.sign_dataset("d")
