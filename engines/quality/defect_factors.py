"""The factors of gross defects. Each is 1 for images without the defect, and always above 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engines.quality.curves import halving, smoothstep

if TYPE_CHECKING:
    from engines.metrics.defects.cast import Cast
    from engines.metrics.defects.defects import Defects
    from engines.quality.look import Look

_LEFT = 0.02  # smallest factor; above 0 so that scores of several defects still differ
_LEAST_FINE = 0.1
_TWO_LEVELS, _FEW_COLORS = 0.018, 2


def of_defects(found: Defects, look: Look, drawn: bool) -> dict[str, float]:
    """Name to factor, 0 to 1. The bounds were chosen on photographs (docs/metrics.md).

    `drawn`: an area of one color counts as missing only if it is the gray that decoders fill in.
    """
    page = look.ink and found.palette == 1
    missing = found.missing if found.filled or not drawn else 0.0
    few_levels = 0.0 if page else 1 - smoothstep(math.log2(found.levels + 1e-3), -4.5, -1.2)
    soft = 1 - smoothstep(found.fine, 0.5, 0.7)
    one_way = 1 - smoothstep(found.directional, 0.1, 0.42)
    factors = {
        "rows": 1 - smoothstep(found.rows, 0.07, 0.33),
        "banding": 1 - few_levels * _often(found),
        "missing": 1 - smoothstep(missing, 0.03, 0.3),
        "pattern": 1 - smoothstep(found.pattern, 0.15, 0.6),
        "color_noise": halving(max(0.0, found.color_noise - 4), 18.0),
        "grain": 1 - smoothstep(found.grain, 2.0, 10.0),
        "enlarging": 1 - smoothstep(found.equal, 0.25, 0.8) * (0.5 + 0.5 * found.equal),
        "cast": 1.0 if look.gradient else 1 - (1 - look.night) * (1 - _cast(found.cast)),
        "motion": 1 - soft * one_way,
        "smear": _smear(found),
        "halos": _halos(found, look.night),
        "clipping": 1 - smoothstep(found.clipped, 0.35, 0.85),
        "grid": _grid(found),
    }
    return {name: _LEFT + (1 - _LEFT) * value for name, value in factors.items()}


def _often(found: Defects) -> float:
    """How often neighboring pixels differ, from 0 (seldom) to 1 (as in a photograph). Images with
    two levels per channel and more than two colors reach 1 earlier, because no drawing has them."""
    if found.levels < _TWO_LEVELS and found.palette > _FEW_COLORS:
        return smoothstep(found.transitions, 0.004, 0.02)
    return smoothstep(found.transitions, 0.015, 0.05)


def _halos(found: Defects, night: float) -> float:
    """Factor of halos: contours stronger than their surroundings explain, above all if both black
    and white are clipped. At night (`night` 1) strong contours alone do not count: stars have
    them."""
    haloed = max(smoothstep(found.fine, 0.95, 1.2), smoothstep(found.crisp, 0.95, 1.3))
    clipped = smoothstep(found.clipped_ends, 0.01, 0.08)
    strong = (1 - night) * smoothstep(found.crisp, 1.25, 1.8)
    return (1 - haloed * clipped) * (1 - 0.45 * strong)


def _smear(found: Defects) -> float:
    """Factor of detail that a codec dropped. Equal neighbors are typical of codecs that predict
    blocks. They count only together with little mixed second difference and little fine structure,
    because a photograph in haze has one of these too."""
    coded = smoothstep(found.equal, 0.03, 0.06)
    left = found.kept * found.mixed / math.sqrt(max(found.fine, _LEAST_FINE))
    dropped = 1 - smoothstep(left, 0.03, 0.07)
    return smoothstep(found.mixed, 0.0, 0.035) * (1 - 0.9 * coded * dropped)


def _cast(found: Cast) -> float:
    """Factor of a color cast. Falls slowly up to the cast of a flower or a sunset, then fast."""
    seen = found.channels + found.neutral / 45
    return 1 - 0.1 * smoothstep(seen, 0.3, 1.5) - 0.9 * smoothstep(seen, 1.5, 2.2)


def _grid(found: Defects) -> float:
    """Factor of a grid: falls with its strength, and, if the image consists of visible squares,
    with their side."""
    over = max(0.0, min(found.grid, 1.0) - 0.22) / 0.33
    seen = smoothstep(found.grid, 0.4, 0.8)
    return (8 / (8 + found.grid_px)) ** seen / (1 + over**3)
