"""Datasets of other people: folders with the names of splits, mixed formats, damaged files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportReport, ExportRequest
from tests.strangers.seeing import Judge

Export = Callable[..., ExportReport]
FOLDER = "uploads/found"


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set Hugging Face's settings before its libraries are imported, because they read them
    then."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "root")


@pytest.fixture
def store(storage: FolderStorage) -> DatasetStore:
    return DatasetStore(storage)


@pytest.fixture
def export(storage: FolderStorage, store: DatasetStore) -> Export:
    """`export(format, output, **changes)` exports the folder `uploads/found`."""
    exporter = DatasetExporter(storage, store, ExportConfig())

    def run(format_: str, output: str, **changes: Any) -> ExportReport:
        fields: dict[str, Any] = {
            "format": format_,
            "dataset_key": FOLDER,
            "output_key": f"exports/{output}",
        }
        return exporter.export(ExportRequest(**{**fields, **changes}))

    return run


def image(format_: str = "PNG", width: int = 24, height: int = 16, **options: Any) -> bytes:
    """A small picture, the same every time."""
    ramp = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, format_, **options)
    return buffer.getvalue()


def turned() -> bytes:
    """A JPEG file of 24 x 16 pixels with an EXIF orientation, so that it is shown as 16 x 24."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return image("JPEG", exif=exif)


@pytest.fixture(scope="session")
def judge() -> Judge:
    return Judge()
