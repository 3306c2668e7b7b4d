"""One picture's score: its content found, its kind chosen, its factors multiplied."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engines.metrics.content import content, is_drawn, is_pixel_art
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.measurement import measure
from engines.quality.config import PROFILES
from engines.quality.description import CHOSEN, Measured, describe
from engines.quality.head import Opinion, shipped_head, together
from engines.quality.look import look
from engines.quality.memory import keep_freed_memory
from engines.quality.score import Factors, factors, quality_score

if TYPE_CHECKING:
    from engines.metrics.content import Content
    from engines.metrics.measurement import Measurement
    from engines.quality.config import QualityConfig, ScoreThresholds
    from engines.types import Pixels

_TINTED = 0.1  # factor of cast, below which no clean picture but gradients was found


class Judgement(NamedTuple):
    """The score, 0..1; what it is made of; and by which thresholds."""

    score: float
    factors: Factors
    thresholds: str
    """Name of the profile, as `auto:photo` where it was chosen; or "custom"."""
    ignored: tuple[str, ...] = ()
    """Factors that did not count."""
    opinion: Opinion | None = None
    """What the learned head said; None where it was not asked."""

    def counted(self) -> tuple[tuple[str, float], ...]:
        """Name and value of the factors that made the score."""
        return tuple(self.factors.counted(self.ignored))


def judge(pixels: Pixels, config: QualityConfig, seen: Measurement | None = None) -> Judgement:
    """`pixels`: RGB, uint8 (height, width, 3); `seen`: their measurement where it is known."""
    keep_freed_memory()
    if not config.defects:
        name, limits = _thresholds(config, None, None)
        return _scored(factors(seen or measure(pixels), limits), limits, name)
    taken, limits = measured(pixels, config, seen)
    alone = _scored(taken.factors, limits, taken.thresholds)
    if not config.asks_head or not taken.large_enough:
        return alone
    opinion = shipped_head().opinion(describe(taken))
    score = together(alone.score, opinion) * _untinted(taken, limits)
    return alone._replace(score=score, opinion=opinion)


def measured(
    pixels: Pixels, config: QualityConfig, seen: Measurement | None = None
) -> tuple[Measured, ScoreThresholds]:
    """All that is known of RGB `pixels`, and the thresholds that the factors were made with."""
    shown = content(pixels)
    if shown.shown is not None:
        seen = measure(shown.pixels, shown.shown)
    found = defects(shown)
    name, limits = _thresholds(config, found, shown)
    seen = seen or measure(pixels)
    return Measured(shown, seen, found, factors(seen, limits, found), name), limits


def _untinted(taken: Measured, limits: ScoreThresholds) -> float:
    """1; less where one color lies over all of a picture that shows something, which the head
    cannot make up for: of such photographs of the night it has seen few. A gradient may be of one
    color."""
    if "cast" in limits.ignored or look(taken.seen, limits, taken.found).ramp:
        return 1.0
    return min(1.0, taken.factors.cast / _TINTED)


def _scored(found: Factors, limits: ScoreThresholds, name: str) -> Judgement:
    return Judgement(quality_score(found, limits), found, name, limits.ignored)


def _thresholds(
    config: QualityConfig, found: Defects | None, shown: Content | None
) -> tuple[str, ScoreThresholds]:
    if config.thresholds is not None:
        return "custom", config.thresholds
    if config.profile != "auto":
        return config.profile, PROFILES[config.profile]
    chosen = "photo" if found is None or shown is None else _kind(found, shown)
    return f"{CHOSEN}{chosen}", PROFILES[chosen]


def _kind(found: Defects, shown: Content) -> str:
    if is_drawn(found, shown):
        return "graphic" if is_pixel_art(found) else "illustration"
    return "product" if shown.on_plain else "photo"
