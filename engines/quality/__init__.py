"""Image quality: measured properties, one calibrated score, a verdict with its thresholds."""

from engines.quality.config import QualityConfig, ScoreThresholds
from engines.quality.validator import QualityValidator

__all__ = ["QualityConfig", "QualityValidator", "ScoreThresholds"]
