"""Privacy: faces, text, personal data, metadata and memorization of one image; anonymizing."""

from engines.privacy.anonymizing import Anonymized
from engines.privacy.build import build_privacy_validator
from engines.privacy.config import PrivacyConfig
from engines.privacy.covering import COVER_METHODS
from engines.privacy.memorization import References
from engines.privacy.pii.detecting import build_pii_detector
from engines.privacy.validator import PrivacyValidator

__all__ = [
    "COVER_METHODS",
    "Anonymized",
    "PrivacyConfig",
    "PrivacyValidator",
    "References",
    "build_pii_detector",
    "build_privacy_validator",
]
