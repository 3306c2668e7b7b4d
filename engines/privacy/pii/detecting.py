"""Builds the detector of personal data that the config describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.errors import InferloopError
from engines.privacy.model import DetectorUnavailable, PiiDetector
from engines.privacy.pii.patterns import PatternPii
from engines.privacy.pii.presidio import PresidioPii

if TYPE_CHECKING:
    from engines.privacy.config import PiiConfig


def build_pii_detector(config: PiiConfig) -> PiiDetector:
    """The patterns, and Presidio in addition if `config.presidio` is set.

    Raises:
        InferloopError: Presidio or its model is configured, but not installed.
    """
    patterns = PatternPii(config.phone_regions)
    if not config.presidio:
        return patterns
    try:
        return PresidioPii(patterns, config.presidio_model, config.presidio_confidence)
    except DetectorUnavailable as error:
        raise InferloopError(f"privacy.pii.presidio is on, but {error}") from error
