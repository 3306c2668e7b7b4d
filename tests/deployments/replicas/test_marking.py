"""Marks on their way through the service: which key, where it lies, and who gets a mark."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from c2pa import Reader
from PIL import Image

from deployments.adapters.provenance import StoredProvenance
from deployments.config import PoolConfig
from deployments.mark_reading import watermark_of
from deployments.replicas.privacy import PrivacyReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring, Recorder
from deployments.wiring.marks import MarksWiring
from deployments.wiring.spaces import PerSpace
from deployments.wiring.validators import Judge
from engines.datasets.store.store import DatasetStore
from engines.errors import InvalidParameters
from engines.images import ImageLimits
from engines.privacy import PrivacyValidator
from engines.provenance.config import MarksConfig
from engines.provenance.development import DEVELOPMENT_FILE
from engines.provenance.watermark import models_folder
from engines.types import GeneratedImage, GenerationRequest
from inferloop_synthdata.marks.reading import Anchors
from tests.engines.privacy.conftest import Doubles
from tests.engines.provenance.conftest import encoded, some_pixels

SYNTHETIC = "trainedAlgorithmicMedia"


@pytest.fixture
def data(tmp_path: Path) -> DataRoot:
    return DataRoot(str(tmp_path / "data"))


@pytest.fixture
def marks(tmp_path: Path) -> MarksWiring:
    return MarksWiring(MarksConfig(), str(tmp_path / "state"))


@pytest.fixture
def recorder(data: DataRoot, marks: MarksWiring) -> Recorder:
    model = {"id": "m", "source": {"kind": "tiny"}}
    pool = PoolConfig.model_validate({"name": "a", "engine": {"models": [model]}})
    return DiffusionWiring(pool, data, "models", marks).recorder()


def request(image_id: str = "image_1", space: str | None = None) -> GenerationRequest:
    return GenerationRequest(image_id, "a fox", "m", 64, 64, 2, 1.0, 42, dataset="d", space=space)


def image() -> GeneratedImage:
    return GeneratedImage(some_pixels(), "m", None, "DDIMScheduler", {}, ())


def said(content: bytes) -> str:
    with Reader("image/png", io.BytesIO(content)) as reader:
        assert reader.get_validation_state() == "Valid"
        return reader.json()


def test_a_generated_image_is_marked_where_it_is_stored(recorder: Recorder, data: DataRoot) -> None:
    stored = recorder.record(request(), image())
    content = data.storage().read(stored.key)
    assert SYNTHETIC in said(content)
    assert stored.size_bytes == len(content)


def test_a_repeated_request_finds_its_image_with_the_first_mark(
    recorder: Recorder, data: DataRoot
) -> None:
    first = recorder.record(request(), image())
    content = data.storage().read(first.key)
    second = recorder.record(request(), image())
    assert (second.key, second.sha256) == (first.key, first.sha256)
    assert recorder.stored(request()) == first
    assert data.storage().read(first.key) == content


def test_each_space_has_a_log_of_its_own(recorder: Recorder, data: DataRoot) -> None:
    recorder.record(request("image_1", "vision"), image())
    recorder.record(request("image_2"), image())
    for space, name in (("vision", "image_1"), (None, "image_2")):
        storage = data.in_space(space).storage()
        (segment,) = storage.list(".marks/log")
        assert json.loads(storage.read(segment.key))["key"] == f"generated/d/{name}.png"


def test_a_development_key_is_made_once_and_its_owner_alone_reads_it(
    recorder: Recorder, marks: MarksWiring, data: DataRoot
) -> None:
    path = Path(marks.state_folder) / DEVELOPMENT_FILE
    before = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recorder.record(request(), image())
    MarksWiring(MarksConfig(), marks.state_folder).maker()(data.storage())
    assert path.read_text() == before
    (anchor,) = data.storage().list(".marks/development")
    assert b"PRIVATE" not in data.storage().read(anchor.key)


def test_where_no_key_can_be_kept_images_are_marked_all_the_same(
    tmp_path: Path, data: DataRoot
) -> None:
    (tmp_path / "file").write_text("")
    marks = MarksWiring(MarksConfig(), str(tmp_path / "file" / "state")).maker()
    assert type(marks(data.storage())).__name__ == "Marks"


def test_switched_off_nothing_is_marked_and_no_key_is_made(tmp_path: Path, data: DataRoot) -> None:
    marks = MarksWiring(MarksConfig(enabled=False), str(tmp_path / "state")).maker()
    assert type(marks(data.storage())).__name__ == "NoMarks"
    assert not (tmp_path / "state").exists()
    assert not list(data.storage().list(""))


@dataclass(frozen=True)
class QuickJudges:
    """A privacy validator whose detectors find nothing; the rest is the real one."""

    data: DataRoot
    marks: MarksWiring
    workers: int = 1

    def judges(self) -> PerSpace[Judge[PrivacyValidator]]:
        marks = self.marks.maker()

        def build(space: str | None) -> Judge[PrivacyValidator]:
            store = DatasetStore(self.data.in_space(space).storage())
            return Judge(store, Doubles().validator(), lambda: None, marks(store.storage))

        return PerSpace(build)


@pytest.fixture
def privacy(data: DataRoot, marks: MarksWiring) -> PrivacyReplica:
    return PrivacyReplica(QuickJudges(data, marks))


def foreign_mark(content: bytes) -> bytes:
    """A file that brings the mark of somebody else."""
    from engines.provenance.development import identity_in, new_bundle
    from engines.provenance.signing import C2paSigner

    definition = {
        "title": "Holiday of Rosa Example",
        "claim_generator_info": [{"name": "Some Camera"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created"}]}}
        ],
    }
    signer = C2paSigner(identity_in(new_bundle())[0])
    return signer.sign(content, "image/png", definition)  # type: ignore[arg-type]


async def test_copies_are_marked_as_edits_and_take_no_foreign_or_broken_mark_along(
    privacy: PrivacyReplica, recorder: Recorder, data: DataRoot
) -> None:
    smooth = np.full((64, 64, 3), 90, np.uint8)
    photograph = encoded(smooth, "PNG")
    foreign = foreign_mark(photograph)
    at = foreign.index(b"caBX")
    broken = foreign[: at + 200] + bytes(80) + foreign[at + 280 :]
    storage = data.storage()
    for name, content in (("plain", photograph), ("foreign", foreign), ("broken", broken)):
        storage.put_new(f"uploads/{name}.png", content)
        await privacy.validate(f"uploads/{name}.png", True, True)
        await privacy.anonymize(f"uploads/{name}.png", "box", f"uploads/{name}_1.png")
        copy = said(storage.read(f"uploads/{name}_1.png"))
        assert "parentOf" in copy
        assert "Rosa" not in copy
        assert SYNTHETIC not in copy
    stored = recorder.record(request(), image())
    for source, copy_key in (
        (stored.key, "generated/d/c1.png"),
        ("generated/d/c1.png", "generated/d/c2.png"),
    ):
        await privacy.anonymize(source, "box", copy_key)
        assert SYNTHETIC in said(storage.read(copy_key))
        await privacy.anonymize(source, "box", copy_key)  # the first try's answer was lost


@pytest.mark.slow
async def test_a_picture_without_its_mark_is_known_by_its_watermark(
    data: DataRoot, marks: MarksWiring
) -> None:
    """From the recorder of a model that asks for it to `POST /verify`, over a copy as JPEG."""
    if models_folder(marks.config) is None:
        pytest.skip("the package invisible-watermark lies nowhere (docs/provenance.md)")
    model = {"id": "m", "source": {"kind": "tiny"}, "watermark": "rivagan"}
    pool = PoolConfig.model_validate({"name": "a", "engine": {"models": [model]}})
    recorder = DiffusionWiring(pool, data, "models", marks).recorder()
    made = GeneratedImage(some_pixels(side=256) // 4 + 90, "m", None, "DDIMScheduler", {})
    stored = data.storage().read(recorder.record(request(), made).key)
    assert "c2pa.watermarked.unbound" in said(stored)
    pixels = np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"))
    copy = encoded(pixels, "JPEG")
    provenance = StoredProvenance(
        data.storage(),
        lambda _storage: Anchors(),
        read_watermark=lambda content: watermark_of(content, ImageLimits(), marks.config),
    )
    found = await provenance.verify(copy, watermark=True)
    assert found["mark"] == "absent"
    carried = found["watermark"]
    assert isinstance(carried, dict)
    assert carried["found"] is True


async def test_a_service_that_cannot_read_watermarks_says_so(data: DataRoot) -> None:
    provenance = StoredProvenance(data.storage(), lambda _storage: Anchors())
    with pytest.raises(InvalidParameters, match="watermark"):
        await provenance.verify(encoded(some_pixels(), "PNG"), watermark=True)
