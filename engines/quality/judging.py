"""One picture's score: its content found, its kind chosen, its factors multiplied."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engines.metrics.content import content, is_drawn
from engines.metrics.defects import Defects, defects
from engines.metrics.measurement import measure
from engines.quality.config import PROFILES
from engines.quality.score import Factors, factors, quality_score

if TYPE_CHECKING:
    from engines.metrics.measurement import Measurement
    from engines.quality.config import QualityConfig, ScoreThresholds
    from engines.types import Pixels


class Judgement(NamedTuple):
    """The score, 0..1; what it is made of; and by which thresholds."""

    score: float
    factors: Factors
    thresholds: str
    """Name of the profile, as `auto:photo` where it was chosen; or "custom"."""


def judge(pixels: Pixels, config: QualityConfig, seen: Measurement | None = None) -> Judgement:
    """`pixels`: RGB, uint8 (height, width, 3); `seen`: their measurement where it is known."""
    if not config.defects:
        name, limits = _thresholds(config, None)
        return _scored(factors(seen or measure(pixels), limits), limits, name)
    shown = content(pixels)
    if shown is not pixels:
        shown, seen = np.ascontiguousarray(shown), None
    found = defects(shown)
    name, limits = _thresholds(config, found)
    return _scored(factors(seen or measure(shown), limits, found), limits, name)


def _scored(found: Factors, limits: ScoreThresholds, name: str) -> Judgement:
    return Judgement(quality_score(found, limits), found, name)


def _thresholds(config: QualityConfig, found: Defects | None) -> tuple[str, ScoreThresholds]:
    if config.thresholds is not None:
        return "custom", config.thresholds
    if config.profile != "auto":
        return config.profile, PROFILES[config.profile]
    chosen = "illustration" if found is not None and is_drawn(found) else "photo"
    return f"auto:{chosen}", PROFILES[chosen]
