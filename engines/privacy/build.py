"""Builds a privacy validator from the config. Loads the detectors that are installed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from engines.errors import InferloopError
from engines.privacy.faces import build_face_detector
from engines.privacy.memorization.embedding import DlibEmbedder
from engines.privacy.memorization.references import (
    References,
    hashes_of_profile,
    references_from_folder,
    references_from_hashes,
)
from engines.privacy.model import (
    DetectorUnavailable,
    FaceDetector,
    FaceEmbedder,
    TextReader,
    TextRegion,
)
from engines.privacy.opening import Opener
from engines.privacy.pii.detecting import build_pii_detector
from engines.privacy.text.codes import ReaderWithCodes
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from engines.privacy.validator import PrivacyValidator

if TYPE_CHECKING:
    from engines.images import ImageLimits
    from engines.privacy.config import PrivacyConfig
    from engines.privacy.text.allowance import ReadingAllowance
    from engines.protocols import Storage
    from engines.types import Pixels

logger = logging.getLogger(__name__)


class UnavailableReader:
    """Takes the place of a text reader that did not load. Every call raises the reason."""

    name = "none"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def read(
        self, pixels: Pixels, allowance: ReadingAllowance | None = None
    ) -> tuple[TextRegion, ...]:
        raise DetectorUnavailable(self._reason)


def build_privacy_validator(
    config: PrivacyConfig,
    limits: ImageLimits,
    storage: Storage | None = None,
    opener: Opener | None = None,
) -> PrivacyValidator:
    """Load the detectors and the reference images that `config` names. Blocks for seconds, longer
    with a folder of references.

    `opener` decodes the files; None decodes them in this process. A detector that is not installed
    is not an error here. Its check then reports an issue for every image.

    Raises:
        InferloopError: references are configured, but `storage` is None.
        StorageFailed, NotFound: the references cannot be read.
    """
    named = config.memorization.reference_dir or config.memorization.reference_profile
    if named is not None and storage is None:
        raise InferloopError("privacy.memorization has references, but there is no storage")
    detector = build_face_detector(config.faces)
    embedder = _embedder(config)
    return PrivacyValidator(
        config,
        limits,
        detector,
        _reader(config),
        build_pii_detector(config.pii),
        _references(config, limits, storage, detector, embedder),
        embedder,
        opener,
    )


def _reader(config: PrivacyConfig) -> TextReader:
    try:
        reader = RapidOcrReader(config.text, config.threads, config.workers)
        return ReaderWithCodes(reader) if config.text.codes else reader
    except DetectorUnavailable as error:
        logger.warning("text reader is not available: %s", error)
        return UnavailableReader(str(error))


def _embedder(config: PrivacyConfig) -> FaceEmbedder | None:
    """The face embedder, or None if it is not used or not installed. Its weights take 22 MB."""
    if not config.faces.embeddings or config.memorization.reference_dir is None:
        return None
    try:
        return DlibEmbedder()
    except DetectorUnavailable as error:
        logger.warning("faces will not be compared with the references: %s", error)
        return None


def _references(
    config: PrivacyConfig,
    limits: ImageLimits,
    storage: Storage | None,
    detector: FaceDetector,
    embedder: FaceEmbedder | None,
) -> References | None:
    folder, profile = config.memorization.reference_dir, config.memorization.reference_profile
    if storage is None or (folder is None and profile is None):
        return None
    most = config.memorization.max_distance
    if folder is not None:
        return references_from_folder(storage, folder, limits, most, detector, embedder)
    return references_from_hashes(hashes_of_profile(storage.read(str(profile))), most)
