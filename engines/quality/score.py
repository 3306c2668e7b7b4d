"""Computes the score from a measurement: a product of factors from 0 to 1, one for each kind of
fault."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.quality.curves import halving, logistic, smoothstep
from engines.quality.defect_factors import of_defects
from engines.quality.look import Look, look

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from engines.metrics.defects.defects import Defects
    from engines.metrics.measurement import Measurement
    from engines.quality.config import ScoreThresholds

_ROUNDING_ENERGY = 2 * 20 / 12
_BLURRED_ENERGY = 30.0  # below it, rounding to 8 bits makes the ratio meaningless
_SPAN_OF_RAMPS = 0.08  # range at which a gradient is 1 - 1/e
SMALLEST_PX = 32
"""Smallest short side, pixels, of a picture that can be judged. In smaller ones noise, blur and
most gross defects cannot be measured."""
_LEFT_OF_TINY = 0.02
_OF_AN_OBJECT = 2.0  # entropy, bits, of content from which there is something to see
_BLOWN = 0.02, 0.1  # share of the content that is clipped
_PLAIN = 0.004, 0.02  # range of a picture that shows nothing, up to that of a faint gradient
_BITS, _BITS_OF_INK = 0.5, 0.05  # entropy over the least in which information grows


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of the score, 0 to 1 each. 1: no fault. The smallest shows the worst fault."""

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
    channels: float = 1.0
    """Displaced color channels. Only the learned head finds them, so the formula's value is 1."""
    size: float = 1.0

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of all factors."""
        return tuple(cls.__match_args__)

    def counted(self, ignored: Container[str] = ()) -> Iterator[tuple[str, float]]:
        """Name and value of each factor that is not in `ignored`."""
        return ((name, getattr(self, name)) for name in self.names() if name not in ignored)


def quality_score(factors: Factors, thresholds: ScoreThresholds) -> float:
    """The score, 0 to 1: the product of the factors that count, times `thresholds.scale`."""
    product = math.prod(value for _, value in factors.counted(thresholds.ignored))
    return min(1.0, thresholds.scale * product)


def factors(seen: Measurement, limits: ScoreThresholds, found: Defects | None = None) -> Factors:
    """All factors of one image. docs/metrics.md has the formulas and examples.

    Energies and noise are divided by the range that the image uses. A darker copy then differs in
    its brightness only, not in sharpness or noise. `found`: None if gross defects were not
    measured.
    """
    tone, kind = seen.tone, look(seen, limits, found)
    noise = seen.noise_on_paper if kind.ink else seen.noise
    sharpness, detail = _sharpness(seen, limits, kind)
    blocks = seen.blockiness**limits.block_power
    return Factors(
        sharpness=sharpness,
        detail=detail,
        noise=halving(noise / kind.used, limits.noise_half) ** limits.noise_weight,
        tonal_range=_tonal_range(limits, kind),
        darkness=1 - math.exp(-max(tone.p95, kind.light) / 0.15),
        plateau=1.0 if kind.ramp else _plateau(seen, limits),
        brightness=1.0 if kind.ramp else _brightness(seen, limits),
        blockiness=1 - limits.block_weight * blocks / (limits.block_half + blocks),
        information=_information(seen, limits, kind, found),
        size=1.0 if min(seen.native.shape) >= SMALLEST_PX else _LEFT_OF_TINY,
        **(of_defects(found, kind, limits.drawn) if found is not None else {}),
    )


def _tonal_range(limits: ScoreThresholds, kind: Look) -> float:
    """Factor of the used range of luma. For gradients, drawings and neon light it is the range of
    any color channel, because their colors may be equally light; elsewhere a color cast would
    raise it. Gradients need less range than other pictures."""
    if kind.gradient:
        return 1 - math.exp(-((kind.colored / _SPAN_OF_RAMPS) ** 2))
    colored = 1.0 if kind.drawn or kind.ramp else kind.night
    span = kind.span + colored * (kind.colored - kind.span)
    return float((1 - math.exp(-span / limits.range_scale)) ** limits.range_weight)


def _information(
    seen: Measurement, limits: ScoreThresholds, kind: Look, found: Defects | None
) -> float:
    """Factor of the entropy. Drawings with ink and night pictures need less than others. A small
    object on a large plain background has enough if it alone has many levels, and is not what
    over-exposure left of a photograph. A gradient needs no entropy, only more than one color."""
    if kind.gradient:
        return smoothstep(kind.colored, *_PLAIN)
    least = limits.information_bits
    more = _BITS_OF_INK if kind.ink else _BITS
    shown = smoothstep(seen.content_bits, _OF_AN_OBJECT, _OF_AN_OBJECT + 1)
    shown *= 1 - smoothstep(found.clipped, *_BLOWN) if found is not None else 0.0
    whole = smoothstep(seen.tone.entropy_bits, least, least + more)
    return max(whole, shown, kind.night * _lit(kind.light))


def _lit(light: float) -> float:
    return smoothstep(light, 0.1, 0.25)


def _sharpness(seen: Measurement, limits: ScoreThresholds, kind: Look) -> tuple[float, float]:
    """Factors of sharpness and detail. 1 for smooth gradients, and for vector art, whose edges are
    known to be sharp."""
    if kind.ramp or kind.vector:
        return 1.0, 1.0
    fine = _without_rounding(seen.laplacian_variance) / kind.used**2
    coarse = seen.coarse_variance / kind.used**2
    ratio = fine / (coarse + _BLURRED_ENERGY)
    steps = (math.log10(1 + fine) - limits.sharpness_half) / limits.sharpness_width
    return logistic(steps), (ratio / (ratio + limits.detail_half)) ** limits.detail_weight


def _without_rounding(energy: float) -> float:
    """Reduce a small Laplacian variance, because rounding to 8 bits alone gives one of 20 / 12."""
    return energy * energy / (energy + _ROUNDING_ENERGY)


def _plateau(seen: Measurement, limits: ScoreThresholds) -> float:
    return halving(seen.plateau, limits.plateau_half) ** limits.plateau_weight


def _brightness(seen: Measurement, limits: ScoreThresholds) -> float:
    """Factor of brightness. 1 for a bright picture without over-exposed parts, such as snow or
    fog."""
    washed = smoothstep(seen.plateau, 0.01, 0.2)
    mean = seen.content_brightness / max(seen.tone.top, 0.01)
    return 1 - limits.bright_weight * washed * smoothstep(mean, limits.bright_from, 1.0)
