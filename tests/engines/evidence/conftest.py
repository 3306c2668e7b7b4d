"""Datasets on disk, a fast encoder, and the service with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engines.datasets.store.store import DatasetStore
from engines.evidence.config import EvidenceConfig
from engines.evidence.encoders.encoder import Distances, EncoderUnavailable, to_unit_length
from engines.evidence.encoders.holder import EncoderHolder
from engines.evidence.service import EvidenceService, Sources
from engines.storage.folder.storage import FolderStorage
from engines.types import PrivacyIssue, PrivacyReport, QualityReport
from tests.engines.evidence.pictures import picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

SET, REAL = "generated/birds", "uploads/real"
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@dataclass
class SmallEncoder:
    """Encodes each picture as its 8 x 8 thumbnail minus the mean, a vector of 192 numbers."""

    name: str = "small@1"
    dimensions: int = 192
    distances: Distances = field(default_factory=lambda: Distances(0.1, 2.0))
    encoded: int = 0

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        self.encoded += len(pictures)
        small = [cv2.resize(each, (8, 8), interpolation=cv2.INTER_AREA) for each in pictures]
        vectors = np.stack(small).reshape(len(pictures), -1).astype(np.float32)
        return to_unit_length(vectors - vectors.mean(axis=1, keepdims=True))


def png(pixels: Pixels) -> bytes:
    done, content = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    assert done
    return content.tobytes()


@dataclass
class House:
    """A data root with a report service."""

    storage: FolderStorage
    encoder: SmallEncoder = field(default_factory=SmallEncoder)
    config: EvidenceConfig = field(default_factory=EvidenceConfig)

    def __post_init__(self) -> None:
        self.store = DatasetStore(self.storage, lambda: NOW)
        self.service = self.serving(lambda config: self.encoder)

    def serving(self, load: Callable[[EvidenceConfig], SmallEncoder]) -> EvidenceService:
        return EvidenceService(Sources(self.store, EncoderHolder(self.config, load)), self.config)

    def put(self, folder: str, name: str, pixels: Pixels) -> str:
        key = f"{folder}/{name}.png"
        self.storage.replace(key, png(pixels))
        return key

    def fill(self, folder: str, seeds: Sequence[int]) -> list[str]:
        return [self.put(folder, f"p{seed:04}", picture(seed, 64)) for seed in seeds]

    def judge_quality(self, key: str, score: float, passed: bool) -> None:
        metrics = {"sharpness": 40 * score}
        self.store.record_verdict(key, QualityReport(key, score, metrics, passed, "quality/4"))

    def judge_privacy(self, key: str, *issues: PrivacyIssue) -> None:
        score = 100 - 40 * len(issues)
        report = PrivacyReport(key, score, 0, False, False, issues, not issues, "privacy/2")
        self.store.record_verdict(key, report)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(FolderStorage(tmp_path / "root"))


def no_encoder(config: EvidenceConfig) -> SmallEncoder:
    raise EncoderUnavailable("not installed")


@contextmanager
def no_change(storage: FolderStorage, folder: str) -> Iterator[None]:
    """Within it, only hidden files may change."""

    def seen() -> list[tuple[str, str]]:
        return [(s.key, s.etag) for s in storage.list(folder) if "/." not in s.key]

    before = seen()
    yield
    assert seen() == before
