"""What kind of picture a measurement is of, as far as the factors need to know."""

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
_DARKEST_NIGHT, _NO_NIGHT = 0.12, 0.3  # 95th percentile of luma


class Look(NamedTuple):
    """Of one picture, under the thresholds that were chosen for it."""

    light: float
    """Level of its lights, 0..1: what most of it shows, or small lamps and stars."""
    span: float
    """Range of luma that it uses, 0..1, its background included."""
    colored: float
    """Range of the channel that uses most, 0..1, at least `span`."""
    ramp: bool
    """Nothing in it could be sharp."""
    gradient: bool
    """It is smooth for the range it uses: it is meant to be. A picture without contrast is not."""
    night: float
    """1 where all but small lights is dark, 0 by day."""
    ink: bool
    """A drawing with dark ink on a page: what is white or black shows that it has no noise."""
    drawn: bool
    """It is judged as a drawing."""
    vector: bool
    """A drawing with sharp edges between gradients without noise."""

    @property
    def used(self) -> float:
        """The range over that of most photographs."""
        return _over_typical(self.span)


def _inked(found: Defects) -> bool:
    return found.step > (_SPARSE_INK_STEP if found.transitions < _SPARSE else _INK_STEP)


def _over_typical(span: float) -> float:
    return max(span, _LEAST_SPAN) / _TYPICAL_SPAN


def look(seen: Measurement, limits: ScoreThresholds, found: Defects | None) -> Look:
    """`found` None: nothing is known of neighboring pixels and of colors."""
    tone = seen.tone
    night = 1 - smoothstep(tone.p95, _DARKEST_NIGHT, _NO_NIGHT)
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
