"""Uses the first face detector of a list that works on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engines.privacy.faces.hog import HogDetector
from engines.privacy.faces.scanning import ScanningDetector
from engines.privacy.faces.yunet import YuNetDetector
from engines.privacy.model import DetectorUnavailable, Face, FaceDetector

if TYPE_CHECKING:
    from engines.privacy.config import FaceBackend, FaceConfig
    from engines.types import Pixels

logger = logging.getLogger(__name__)

Factory = Callable[[], FaceDetector]


class FaceDetectorChain:
    """A face detector made of several. It loads all of `factories` (name to factory) that can be
    loaded, and uses the first one. If that fails on an image, the next one gets the image.

    `name` is the name of the first one, or "none" if none could be loaded.
    """

    def __init__(self, factories: Mapping[str, Factory]) -> None:
        self._detectors = tuple(_loaded(factories))

    @property
    def name(self) -> str:
        return self._detectors[0].name if self._detectors else "none"

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        for detector in self._detectors:
            try:
                return detector.detect(pixels)
            except DetectorUnavailable as error:
                logger.warning("face detector %s failed: %s", detector.name, error)
        raise DetectorUnavailable("every face detector failed on the image")


def _loaded(factories: Mapping[str, Factory]) -> Sequence[FaceDetector]:
    loaded: list[FaceDetector] = []
    for name, factory in factories.items():
        try:
            loaded.append(factory())
        except DetectorUnavailable as error:
            logger.warning("face detector %s is not available: %s", name, error)
    return loaded


def build_face_detector(config: FaceConfig) -> FaceDetectorChain:
    """The chain of the detectors in `config`. Detectors that cannot be loaded are logged and left
    out, so it does not raise `DetectorUnavailable`."""
    known: dict[FaceBackend, Factory] = {
        "yunet": lambda: ScanningDetector(
            YuNetDetector(min(config.doubtful, config.threshold)), config, thresholds=True
        ),
        "face_recognition": lambda: ScanningDetector(
            HogDetector(config.hog_threshold, config.hog_upsampling), config, thresholds=False
        ),
    }
    return FaceDetectorChain({name: known[name] for name in config.detectors})
