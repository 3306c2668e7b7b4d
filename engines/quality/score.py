"""From measurement to score: a product of factors, each 0..1 and each falling with one fault."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from engines.metrics.cast import Cast
    from engines.metrics.defects import Defects
    from engines.metrics.measurement import Measurement
    from engines.quality.config import ScoreThresholds

_TYPICAL_SPAN = 0.87
_LEAST_SPAN = 0.1
_ROUNDING_ENERGY = 2 * 20 / 12
_LIGHTS = 0.6  # of a night's brightest lights, next to what most of it shows
_NOTHING_TO_SEE = 3.0  # Laplacian variance at 64 px: a gradient
_LEAST_FINE = 0.1
_LEFT = 0.02  # of the score, however grave a defect: so that graver ones still differ
_BLURRED_ENERGY = 30.0  # below it, rounding to 8 bits makes the ratio meaningless


@dataclass(frozen=True, slots=True)
class Factors:
    """What each property leaves of the score, 0..1; the verdict can be read off the least."""

    sharpness: float
    detail: float
    noise: float
    tonal_range: float
    darkness: float
    plateau: float
    brightness: float
    blockiness: float
    information: float
    rows: float = 1.0
    pattern: float = 1.0
    color_noise: float = 1.0
    grain: float = 1.0
    banding: float = 1.0
    enlarging: float = 1.0
    missing: float = 1.0
    cast: float = 1.0
    clipping: float = 1.0
    grid: float = 1.0
    motion: float = 1.0
    smear: float = 1.0
    halos: float = 1.0

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Of all factors."""
        return tuple(cls.__match_args__)

    def counted(self, ignored: Container[str] = ()) -> Iterator[tuple[str, float]]:
        """Name and value of each that is not ignored."""
        return ((name, getattr(self, name)) for name in self.names() if name not in ignored)


def quality_score(factors: Factors, thresholds: ScoreThresholds) -> float:
    """0..1: the scaled product of the factors."""
    product = math.prod(value for _, value in factors.counted(thresholds.ignored))
    return min(1.0, thresholds.scale * product)


def factors(seen: Measurement, limits: ScoreThresholds, found: Defects | None = None) -> Factors:
    """All factors of one image (formulas and pictures: docs/metrics.md).

    Energies and noise are taken relative to the range the image uses, so that a darker copy is
    judged for its darkness only, and is neither less sharp nor less noisy. `found` None: gross
    defects were not looked for.
    """
    tone = seen.tone
    light = max(seen.content_light, _LIGHTS * tone.top)
    span = max(tone.span, light - tone.p1)
    used = max(span, _LEAST_SPAN) / _TYPICAL_SPAN
    sharpness, detail = _sharpness(seen, limits, used)
    bits = limits.information_bits
    blocks = seen.blockiness**limits.block_power
    ramp = seen.structure < _NOTHING_TO_SEE
    return Factors(
        sharpness=sharpness,
        detail=detail,
        noise=_halving(seen.noise / used, limits.noise_half) ** limits.noise_weight,
        tonal_range=(1 - math.exp(-span / limits.range_scale)) ** limits.range_weight,
        darkness=1 - math.exp(-max(tone.p95, light) / 0.15),
        plateau=1.0
        if ramp
        else _halving(seen.plateau, limits.plateau_half) ** limits.plateau_weight,
        brightness=1.0
        if ramp
        else 1 - limits.bright_weight * _washed(seen) * _brightness(seen, limits.bright_from),
        blockiness=1 - limits.block_weight * blocks / (limits.block_half + blocks),
        information=smoothstep(tone.entropy_bits, bits, bits + 0.5),
        **(_of_defects(found) if found is not None else {}),
    )


def _sharpness(seen: Measurement, limits: ScoreThresholds, used: float) -> tuple[float, float]:
    """Factors of sharpness and detail; 1 where nothing is there that could be sharp."""
    if seen.structure < _NOTHING_TO_SEE:
        return 1.0, 1.0
    fine = _without_rounding(seen.laplacian_variance) / used**2
    coarse = seen.coarse_variance / used**2
    ratio = fine / (coarse + _BLURRED_ENERGY)
    steps = (math.log10(1 + fine) - limits.sharpness_half) / limits.sharpness_width
    return _logistic(steps), (ratio / (ratio + limits.detail_half)) ** limits.detail_weight


def _of_defects(found: Defects) -> dict[str, float]:
    """Each 1 within what clean pictures show and never 0; bounds were chosen on photographs
    (docs/metrics.md)."""
    few_levels = 1 - smoothstep(math.log2(found.levels + 1e-3), -4.5, -1.2)
    soft = 1 - smoothstep(found.fine, 0.5, 0.7)
    one_way = 1 - smoothstep(found.directional, 0.1, 0.42)
    factors = {
        "rows": 1 - smoothstep(found.rows, 0.07, 0.33),
        "banding": 1 - few_levels * smoothstep(found.transitions, 0.015, 0.05),
        "missing": 1 - smoothstep(found.missing, 0.03, 0.3),
        "pattern": 1 - smoothstep(found.pattern, 0.15, 0.6),
        "color_noise": _halving(max(0.0, found.color_noise - 4), 18.0),
        "grain": 1 - smoothstep(found.grain, 2.0, 10.0),
        "enlarging": 1 - smoothstep(found.equal, 0.25, 0.8) * (0.5 + 0.5 * found.equal),
        "cast": _cast(found.cast),
        "motion": 1 - soft * one_way,
        "smear": _smear(found),
        "halos": _halos(found),
        "clipping": 1 - smoothstep(found.clipped, 0.35, 0.85),
        "grid": _grid(found),
    }
    return {name: _LEFT + (1 - _LEFT) * value for name, value in factors.items()}


def _halos(found: Defects) -> float:
    """Contours stronger than what is around them explains, the more where both ends are clipped."""
    haloed = max(smoothstep(found.fine, 0.95, 1.2), smoothstep(found.crisp, 0.95, 1.3))
    clipped = smoothstep(found.clipped_ends, 0.01, 0.08)
    return (1 - haloed * clipped) * (1 - 0.45 * smoothstep(found.crisp, 1.25, 1.8))


def _smear(found: Defects) -> float:
    """Equal neighbors are a sign of a codec that predicts blocks; how little is mixed, and how
    little is kept below the contours, say how much of the detail it dropped. A photograph in haze
    has only one of them."""
    coded = smoothstep(found.equal, 0.03, 0.06)
    left = found.kept * found.mixed / math.sqrt(max(found.fine, _LEAST_FINE))
    dropped = 1 - smoothstep(left, 0.03, 0.07)
    return smoothstep(found.mixed, 0.0, 0.035) * (1 - 0.9 * coded * dropped)


def _cast(found: Cast) -> float:
    """Slowly at first, as a flower or a sunset may have; what no light explains fails."""
    seen = found.channels + found.neutral / 45
    return 1 - 0.1 * smoothstep(seen, 0.3, 1.5) - 0.9 * smoothstep(seen, 1.5, 2.2)


def _grid(found: Defects) -> float:
    """Falls with the strength, and with the side of the squares where they are all that is seen."""
    over = max(0.0, min(found.grid, 1.0) - 0.22) / 0.33
    seen = smoothstep(found.grid, 0.4, 0.8)
    return (8 / (8 + found.grid_px)) ** seen / (1 + over**3)


def smoothstep(value: float, start: float, end: float) -> float:
    """0 below `start`, 1 above `end`, a cubic without corners between."""
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _without_rounding(energy: float) -> float:
    """Rounding to 8 bits alone gives the Laplacian a variance of 20 / 12: trust less there."""
    return energy * energy / (energy + _ROUNDING_ENERGY)


def _washed(seen: Measurement) -> float:
    """0 for a light picture of which nothing is blown, as snow and fog are, 1 where a fifth is."""
    return smoothstep(seen.plateau, 0.01, 0.2)


def _brightness(seen: Measurement, start: float) -> float:
    return smoothstep(seen.content_brightness / max(seen.tone.top, 0.01), start, 1.0)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _halving(value: float, half: float) -> float:
    return 1 / (1 + value / half)
