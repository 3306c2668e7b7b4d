"""From measurement to score: a product of factors, each 0..1 and each falling with one fault."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.metrics.measurement import Measurement
    from engines.quality.config import ScoreThresholds

_TYPICAL_SPAN = 0.87
_LEAST_SPAN = 0.1
_ROUNDING_ENERGY = 2 * 20 / 12
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


def quality_score(factors: Factors, thresholds: ScoreThresholds) -> float:
    """0..1: the scaled product of the factors."""
    product = math.prod(getattr(factors, field.name) for field in fields(factors))
    return min(1.0, thresholds.scale * product)


def factors(seen: Measurement, limits: ScoreThresholds) -> Factors:
    """The nine factors of one image (formulas and pictures: docs/metrics.md).

    Energies and noise are taken relative to the range the image uses, so that a darker copy is
    judged for its darkness only, and is neither less sharp nor less noisy.
    """
    tone = seen.tone
    used = max(tone.span, _LEAST_SPAN) / _TYPICAL_SPAN
    fine = _without_rounding(seen.laplacian_variance) / used**2
    coarse = seen.coarse_variance / used**2
    detail = fine / (coarse + _BLURRED_ENERGY)
    bits = limits.information_bits
    blocks = seen.blockiness**limits.block_power
    return Factors(
        sharpness=_logistic(
            (math.log10(1 + fine) - limits.sharpness_half) / limits.sharpness_width
        ),
        detail=(detail / (detail + limits.detail_half)) ** limits.detail_weight,
        noise=_halving(seen.noise / used, limits.noise_half) ** limits.noise_weight,
        tonal_range=(1 - math.exp(-tone.span / limits.range_scale)) ** limits.range_weight,
        darkness=1 - math.exp(-tone.p95 / 0.15),
        plateau=_halving(seen.plateau, limits.plateau_half) ** limits.plateau_weight,
        brightness=1 - limits.bright_weight * _brightness(seen, limits.bright_from),
        blockiness=1 - limits.block_weight * blocks / (limits.block_half + blocks),
        information=smoothstep(tone.entropy_bits, bits, bits + 0.5),
    )


def smoothstep(value: float, start: float, end: float) -> float:
    """0 below `start`, 1 above `end`, a cubic without corners between."""
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _without_rounding(energy: float) -> float:
    """Rounding to 8 bits alone gives the Laplacian a variance of 20 / 12: trust less there."""
    return energy * energy / (energy + _ROUNDING_ENERGY)


def _brightness(seen: Measurement, start: float) -> float:
    return smoothstep(seen.tone.brightness / max(seen.tone.top, 0.01), start, 1.0)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _halving(value: float, half: float) -> float:
    return 1 / (1 + value / half)
