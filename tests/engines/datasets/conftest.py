"""A dataset with recipes, verdicts and annotations, and a folder of images from other sources."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.datasets.export_config import ExportConfig
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.summaries import SummaryCache
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.types import (
    ExportRequest,
    GeneratedImage,
    GenerationRequest,
    PrivacyReport,
    QualityReport,
)
from tests.engines.datasets.labeled import recorded
from tests.engines.storage.doubles import StepClock

NATURE = "generated/nature"


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set Hugging Face's settings before its libraries are imported, because they read them
    then."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def storage(root: Path) -> Storage:
    return FolderStorage(root)


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def store(storage: Storage, clock: StepClock) -> DatasetStore:
    return DatasetStore(storage, clock, summaries=SummaryCache(lambda: 0.0))


@pytest.fixture
def config() -> ExportConfig:
    return ExportConfig()


@pytest.fixture
def exporter(storage: Storage, store: DatasetStore, config: ExportConfig) -> DatasetExporter:
    return DatasetExporter(storage, store, config)


def generate(store: DatasetStore, number: int, dataset: str = "nature") -> str:
    """Record a small image. Returns its key."""
    pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    request = GenerationRequest(
        image_id=f"image_{number:04d}",
        prompt=f'sunset "{number}" über 山\n',
        model_id="runwayml/stable-diffusion-v1-5",
        width=64,
        height=48,
        num_inference_steps=20,
        guidance_scale=7.5,
        seed=number,
        negative_prompt="blurry" if number % 2 else None,
        dataset=dataset,
    )
    image = GeneratedImage(
        pixels, "inferloop/mini", "abc", "DDIMScheduler", {"policy": "off"}, ("stand-in",)
    )
    return ImageRecorder(store, {"torch": "2.13.0"}).record(request, image).key


@pytest.fixture(scope="session")
def nature_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten images, made once: 0 to 4 passed the quality check, 5 failed, the others were not
    checked."""
    root = tmp_path_factory.mktemp("master")
    clock = StepClock()
    clock.now -= timedelta(days=30)
    store = DatasetStore(FolderStorage(root), clock)
    keys = [generate(store, number) for number in range(10)]
    for number, key in enumerate(keys[:6]):
        score = 0.9 - number / 10
        report = QualityReport(key, score, {"sharpness": 80.0}, number < 5, "quality/1")
        store.record_verdict(key, report)
        store.record_verdict(
            key, PrivacyReport(key, 100, 0, False, False, (), number != 3, "privacy/1")
        )
    return root


@pytest.fixture
def nature(nature_master: Path, root: Path) -> list[str]:
    """The files of `nature_master` as hard links, so that they keep their versions. No code changes
    a file in place."""
    shutil.copytree(nature_master / NATURE, root / NATURE, copy_function=os.link)
    return [f"{NATURE}/image_{number:04d}.png" for number in range(10)]


def request_for(output_key: str, **changes: Any) -> ExportRequest:
    fields: dict[str, Any] = {
        "format": "jsonl",
        "dataset_key": NATURE,
        "output_key": output_key,
    }
    return ExportRequest(**{**fields, **changes})


@pytest.fixture
def make_request() -> Callable[..., ExportRequest]:
    return request_for


@pytest.fixture
def make_image_key(store: DatasetStore) -> Callable[..., str]:
    return lambda number, dataset="nature": generate(store, number, dataset)


def encoded(format_: str, width: int = 40, height: int = 30) -> bytes:
    """An image file that looks like a photograph from another source."""
    ramp = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, format_)
    return buffer.getvalue()


@pytest.fixture
def pets(storage: Storage) -> str:
    """A folder of a user: images in class folders, sidecar files of other tools, annotations."""
    folder = "uploads/pets"
    storage.put_new(f"{folder}/cats/1.jpg", encoded("JPEG"))
    storage.put_new(f"{folder}/cats/1.json", b'{"label": "cat", "age": 3}')
    storage.put_new(f"{folder}/cats/1.txt", b"0 0.5 0.5 1 1\n")
    storage.put_new(f"{folder}/cats/1.xml", b"<annotation/>")
    storage.put_new(f"{folder}/cats/1.coco.json", b'{"annotations": [{"bbox": [1, 2, 3, 4]}]}')
    storage.put_new(f"{folder}/dogs/1.png", encoded("PNG", 20, 10))
    storage.put_new(f"{folder}/dogs/2.webp", encoded("WEBP", 16, 16))
    return folder


@pytest.fixture
def farm(store: DatasetStore) -> list[str]:
    """Keys of five labeled images."""
    return recorded(store)
