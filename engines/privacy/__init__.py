"""Finds faces, text, personal data, metadata and copies of real images in an image; anonymizes."""

from typing import TYPE_CHECKING

from engines.types.at_first_use import at_first_use

if TYPE_CHECKING:
    from engines.privacy.anonymizing import Anonymized
    from engines.privacy.build import build_privacy_validator
    from engines.privacy.config import PrivacyConfig
    from engines.privacy.covering import COVER_METHODS
    from engines.privacy.memorization import References
    from engines.privacy.pii.detecting import build_pii_detector
    from engines.privacy.validator import PrivacyValidator
else:
    __getattr__ = at_first_use(
        __name__,
        {
            "Anonymized": "anonymizing",
            "COVER_METHODS": "covering",
            "PrivacyConfig": "config",
            "PrivacyValidator": "validator",
            "References": "memorization",
            "build_pii_detector": "pii.detecting",
            "build_privacy_validator": "build",
        },
    )

__all__ = [
    "COVER_METHODS",
    "Anonymized",
    "PrivacyConfig",
    "PrivacyValidator",
    "References",
    "build_pii_detector",
    "build_privacy_validator",
]
