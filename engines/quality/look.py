"""Properties of a picture on which the formulas of the factors depend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engines.quality.curves import smoothstep

if TYPE_CHECKING:
    from engines.metrics.defects.defects import Defects
    from engines.metrics.measurement import Measurement
    from engines.quality.config import ScoreThresholds

_TYPICAL_SPAN, _LEAST_SPAN = 0.87, 0.1
_LIGHTS, _OF_THE_NIGHT = 0.6, 0.4  # of the brightest lights, next to what most of it shows
_NOTHING_TO_SEE = 3.0  # Laplacian variance at 64 px: a gradient
_SMOOTH = 8.0  # the same over the square of the used range; blurred photographs 9 and more
_INK_STEP, _SPARSE_INK_STEP = 58.0, 80.0  # mean difference of neighbors that differ
_SPARSE = 0.04  # share of neighbors that differ, up to which overexposed photographs may seem inked
_DARKEST_NIGHT, NIGHT = 0.12, 0.3
"""95th percentile of luma up to which a picture is one of the night, wholly and in part."""


class Look(NamedTuple):
    """The properties of one picture, with the thresholds that were chosen for it."""

    light: float
    """Brightness of its bright parts, 0 to 1: of large ones, or of small lamps and stars."""
    span: float
    """Range of luma that the picture uses, 0 to 1, including its background."""
    colored: float
    """Largest range of a color channel, 0 to 1; at least `span`."""
    ramp: bool
    """Whether the picture is a smooth gradient that contains nothing that could be sharp."""
    gradient: bool
    """Whether the picture is smooth although it has contrast, so that it is meant to be smooth."""
    night: float
    """1 if everything except small lights is dark, 0 in daylight, and values in between."""
    ink: bool
    """Whether it is a drawing with dark ink on paper. Noise is then measured in white and black
    areas too."""
    drawn: bool
    """Whether it is judged as a drawing."""
    vector: bool
    """Whether it is vector art: sharp edges between gradients without noise."""

    @property
    def used(self) -> float:
        """`span` divided by that of a typical photograph."""
        return _over_typical(self.span)


def _inked(found: Defects) -> bool:
    return found.step > (_SPARSE_INK_STEP if found.transitions < _SPARSE else _INK_STEP)


def _over_typical(span: float) -> float:
    return max(span, _LEAST_SPAN) / _TYPICAL_SPAN


def look(seen: Measurement, limits: ScoreThresholds, found: Defects | None) -> Look:
    """The properties of a picture. `found`: None if gross defects were not measured."""
    tone = seen.tone
    night = 1 - smoothstep(tone.p95, _DARKEST_NIGHT, NIGHT)
    light = max(seen.content_light, (_LIGHTS + _OF_THE_NIGHT * night) * tone.lights)
    span = max(tone.p99, light) - min(tone.p1, seen.content_dark)
    colored = span if found is None else max(span, found.cast.span)
    gradient = seen.structure < _SMOOTH * _over_typical(colored) ** 2
    return Look(
        light=light,
        span=span,
        colored=colored,
        ramp=gradient or seen.structure < _NOTHING_TO_SEE,
        gradient=gradient,
        night=night,
        ink=limits.drawn and found is not None and _inked(found),
        drawn=limits.drawn,
        vector=limits.drawn and found is not None and found.vector,
    )
