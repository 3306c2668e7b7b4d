"""The score of one picture: finds its content, chooses its thresholds, multiplies its factors."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from engines.metrics.content import content, is_drawn, is_pixel_art
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.framed import framed
from engines.metrics.gray import shrunk
from engines.metrics.measurement import measure
from engines.quality.config import PROFILES
from engines.quality.description import CHOSEN, Measured, describe
from engines.quality.head import Opinion, shipped_head, together
from engines.quality.look import NIGHT, look
from engines.quality.memory import keep_freed_memory
from engines.quality.score import Factors, factors, quality_score

if TYPE_CHECKING:
    from engines.metrics.content import Content
    from engines.metrics.measurement import Measurement
    from engines.quality.config import QualityConfig, ScoreThresholds
    from engines.types import Pixels

_LARGE_PX = 640  # long side above which a photograph is also judged at 512
_OF_A_PART = 0.3  # least share of differing neighbors; parts of screens have fewer
_LENIENT = 1.25  # a part shows less than a whole photograph, and scores a little lower
_TINTED = 0.1  # in tests, only gradients among clean pictures had a lower factor of cast


class Judgement(NamedTuple):
    """The score, 0 to 1, and how it was computed."""

    score: float
    factors: Factors
    thresholds: str
    """Name of the profile; `auto:` and its name if the content chose it; "custom" for configured
    thresholds."""
    ignored: tuple[str, ...] = ()
    """Names of the factors that are not part of the score."""
    opinion: Opinion | None = None
    """The output of the learned head; None if it was not used."""

    def counted(self) -> tuple[tuple[str, float], ...]:
        """Name and value of each factor that is part of the score."""
        return tuple(self.factors.counted(self.ignored))


def judge(pixels: Pixels, config: QualityConfig, seen: Measurement | None = None) -> Judgement:
    """Judge RGB `pixels`, uint8 (height, width, 3). `seen`: their measurement, if it is known
    already.

    A photograph is also judged without what surrounds it (`framed`), and a large one as a copy with
    a long side of 512 pixels; the lowest judgement counts. Otherwise a sharp border or a caption
    would hide that a photograph is blurred, and large pictures could have defects that are not
    visible from pixel to pixel.
    """
    keep_freed_memory()
    if not config.defects:
        name, limits = _thresholds(config, None, None)
        return _scored(factors(seen or measure(pixels), limits), limits, name)
    whole, taken = _judged(pixels, config, seen)
    judgements = [whole, *_at_usual_size(pixels, taken, config)]
    for part in framed(pixels):
        one, of_part = _judged(part, config)
        if _is_photograph(of_part) and of_part.found.transitions >= _OF_A_PART:
            judgements.append(one._replace(score=min(1.0, _LENIENT * one.score)))
            judgements += _at_usual_size(part, of_part, config)
    return min(judgements, key=attrgetter("score"))


def _at_usual_size(pixels: Pixels, taken: Measured, config: QualityConfig) -> list[Judgement]:
    """The judgement of a smaller copy of a large photograph of the day; empty for all others."""
    by_day = taken.seen.tone.p95 > NIGHT
    if not (by_day and max(pixels.shape[:2]) > _LARGE_PX and _is_photograph(taken)):
        return []
    one, of_copy = _judged(shrunk(pixels), config)
    return [one] if _is_photograph(of_copy) else []


def _judged(
    pixels: Pixels, config: QualityConfig, seen: Measurement | None = None
) -> tuple[Judgement, Measured]:
    """The judgement of one view of a picture, and what was measured of it."""
    taken, limits = measured(pixels, config, seen)
    alone = _scored(taken.factors, limits, taken.thresholds)
    if not config.asks_head or not taken.large_enough:
        return alone, taken
    opinion = shipped_head().opinion(describe(taken))
    score = together(alone.score, opinion) * _untinted(taken, limits)
    return alone._replace(score=score, opinion=opinion), taken


def _is_photograph(taken: Measured) -> bool:
    return taken.thresholds.removeprefix(CHOSEN) in ("photo", "product")


def measured(
    pixels: Pixels, config: QualityConfig, seen: Measurement | None = None
) -> tuple[Measured, ScoreThresholds]:
    """Measure RGB `pixels`, uint8 (height, width, 3). Returns also the thresholds that the factors
    were computed with."""
    shown = content(pixels)
    if shown.shown is not None:
        seen = measure(shown.pixels, shown.shown)
    found = defects(shown)
    name, limits = _thresholds(config, found, shown)
    seen = seen or measure(pixels)
    return Measured(shown, seen, found, factors(seen, limits, found), name), limits


def _untinted(taken: Measured, limits: ScoreThresholds) -> float:
    """A factor that is below 1 if a strong color cast covers a picture that is no gradient.

    The head gets no weight there: its training data contain few night photographs with a cast.
    """
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
