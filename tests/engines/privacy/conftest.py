"""Photographs in installed packages, fake detectors, and the real detectors, loaded once."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.config import FaceConfig, PiiConfig, TextConfig
from engines.privacy.faces import FaceDetectorChain, build_face_detector
from engines.privacy.model import DetectorUnavailable, Face, TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

DATA = Path(__file__).resolve().parents[2] / "data" / "privacy"


@dataclass
class FakeFaces:
    """Finds `faces`, or fails with `problem`. Counts its calls."""

    faces: tuple[Face, ...] = ()
    problem: str | None = None
    name: str = "fake_faces"
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        self.shapes.append(pixels.shape)
        if self.problem is not None:
            raise DetectorUnavailable(self.problem)
        return self.faces


@dataclass
class FakeReader:
    """Reads `lines`, or fails with `problem`. Counts its calls."""

    lines: tuple[TextRegion, ...] = ()
    problem: str | None = None
    name: str = "fake_reader"
    calls: int = 0

    def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
        self.calls += 1
        if self.problem is not None:
            raise DetectorUnavailable(self.problem)
        return self.lines


@dataclass
class FakeEmbedder:
    """Gives every face the same vector."""

    vector: tuple[float, ...]

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> tuple[tuple[float, ...], ...]:
        return (self.vector,) * len(faces)


@dataclass(frozen=True)
class Doubles:
    """The classes of the fakes, for tests that make their own."""

    faces: type[FakeFaces] = FakeFaces
    reader: type[FakeReader] = FakeReader
    embedder: type[FakeEmbedder] = FakeEmbedder

    def line(self, text: str, y: int = 10, confidence: float = 0.95) -> TextRegion:
        return TextRegion((10, y, 8 * len(text), 16), text, confidence, 16.0)

    def validator(
        self,
        faces: FakeFaces | None = None,
        reader: FakeReader | None = None,
        config: PrivacyConfig | None = None,
        **extras: Any,
    ) -> PrivacyValidator:
        return PrivacyValidator(
            config or PrivacyConfig(),
            ImageLimits(),
            faces or FakeFaces(),
            reader or FakeReader(),
            PatternPii(PiiConfig().phone_regions),
            **extras,
        )


@dataclass(frozen=True)
class Photos:
    """Photographs in the installed scikit-image."""

    folder: Path
    labels: dict[str, dict[str, Any]]

    def content(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def pixels(self, name: str) -> Pixels:
        return np.asarray(Image.open(self.folder / name).convert("RGB"), dtype=np.uint8)

    def labeled(self, what: str, value: object) -> list[str]:
        return [name for name, label in self.labels.items() if label[what] == value]


@pytest.fixture(scope="session")
def doubles() -> Doubles:
    return Doubles()


@pytest.fixture(scope="session")
def photos() -> Photos:
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    labels = json.loads((DATA / "photos.json").read_text())["photos"]
    return Photos(Path(spec.origin).parent / "data", labels)


@pytest.fixture(scope="session")
def pii_strings() -> dict[str, Any]:
    strings: dict[str, Any] = json.loads((DATA / "pii_strings.json").read_text())
    return strings


@pytest.fixture(scope="session")
def patterns() -> PatternPii:
    return PatternPii(PiiConfig().phone_regions)


@pytest.fixture(scope="session")
def yunet() -> FaceDetectorChain:
    cv2.setNumThreads(1)
    return build_face_detector(FaceConfig(detectors=("yunet",)))


@pytest.fixture(scope="session")
def rapidocr() -> RapidOcrReader:
    reader = RapidOcrReader(TextConfig(), threads=1)
    reader.warm()
    return reader


@pytest.fixture(scope="session")
def blank_png() -> bytes:
    return png_of(np.full((96, 128, 3), 200, dtype=np.uint8))


def png_of(pixels: Pixels, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def as_png() -> Any:
    return png_of
