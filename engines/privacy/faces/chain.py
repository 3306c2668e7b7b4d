"""Uses the first face detector of a list that works on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engines.privacy.faces.centerface import CenterFaceDetector
from engines.privacy.faces.framed import FramedDetector
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


class WithFurther:
    """Searches images in which `first` finds no face with each of `further`, which take longer and
    see more, until one finds a face. One that fails on an image finds none. `name` is that of
    `first`."""

    def __init__(self, first: FaceDetector, *further: FaceDetector) -> None:
        self._first = first
        self._further = further

    @property
    def name(self) -> str:
        return self._first.name

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        faces = self._first.detect(pixels)
        for detector in self._further:
            if faces:
                break
            try:
                faces = detector.detect(pixels)
            except DetectorUnavailable as error:
                logger.warning("face detector %s failed: %s", detector.name, error)
        return faces


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
        "yunet": lambda: _yunet(config),
        "face_recognition": lambda: ScanningDetector(
            HogDetector(config.hog_threshold, config.hog_upsampling), config, thresholds=False
        ),
    }
    return FaceDetectorChain({name: known[name] for name in config.detectors})


def _yunet(config: FaceConfig) -> FaceDetector:
    """YuNet, and CenterFace as its judge and for images without a face, if it can be loaded."""
    inner = YuNetDetector(min(config.doubtful, config.threshold))
    if not config.centerface:
        return ScanningDetector(inner, config, thresholds=True)
    try:
        further = CenterFaceDetector(config.centerface_doubtful)
    except DetectorUnavailable as error:
        logger.warning("images without a face are searched by YuNet only: %s", error)
        return ScanningDetector(inner, config, thresholds=True)
    settings = config.model_copy(
        update={
            "threshold": 1.0,
            "doubtful": config.centerface_doubtful,
            "second_threshold": config.centerface_threshold,
            "closer_threshold": 0.0,
            "turned_threshold": config.centerface_threshold,
            "turned_closer_threshold": 0.0,
            "long_side_px": config.centerface_long_side_px,
            "turned_long_side_px": config.centerface_turned_long_side_px,
            "crowd_long_side_px": 0,
        }
    )
    return WithFurther(
        ScanningDetector(inner, config, thresholds=True, judge=further),
        ScanningDetector(further, settings, thresholds=True),
        FramedDetector(further, config.framed_threshold),
    )
