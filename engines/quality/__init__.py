"""Image quality: measures properties of an image, computes one calibrated score, and compares the
score with a threshold."""

from typing import TYPE_CHECKING

from engines.types.at_first_use import at_first_use

if TYPE_CHECKING:
    from engines.quality.config import QualityConfig, ScoreThresholds
    from engines.quality.validator import QualityValidator
else:
    __getattr__ = at_first_use(
        __name__,
        {
            "QualityConfig": "config",
            "QualityValidator": "validator",
            "ScoreThresholds": "config",
        },
    )

__all__ = ["QualityConfig", "QualityValidator", "ScoreThresholds"]
