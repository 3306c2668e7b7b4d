"""Names the factor that lowers an image's score most, and advises what to do about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engines.types import Weakness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.quality.judging import Judgement

ADVICE = {
    "sharpness": "The image is blurred; take one that is in focus, or generate with more steps.",
    "detail": "Fine detail is missing; use the original size, or less smoothing.",
    "noise": "The image is noisy; remove the noise, or use more light or more steps.",
    "tonal_range": "The contrast is low; stretch the levels, or expose for the subject.",
    "darkness": "The image is too dark; raise the exposure.",
    "plateau": "A large area is white without detail; lower the exposure.",
    "brightness": "The image is too bright; lower the exposure.",
    "blockiness": "Compression blocks show; save with a higher JPEG quality.",
    "information": "There is next to nothing in the image; check that it was made and saved whole.",
    "rows": "Rows of pixels are missing or out of place; read the file again from its source.",
    "pattern": "Stripes or a moire pattern lie over the image; scan or scale it without them.",
    "color_noise": "The colors are noisy; remove the color noise, or use more light.",
    "grain": "The image is grainy; remove the grain, or use more light.",
    "banding": "Too few levels are left and areas show steps; save with 8 bits a channel.",
    "enlarging": "Pixels were repeated to enlarge the image; use the original size.",
    "missing": "A part of the image is one color to its end, as of a cut file; fetch it again.",
    "cast": "One color lies over the whole image; correct the white balance.",
    "motion": "The image is blurred by motion; use a shorter exposure.",
    "smear": "Compression or enlarging smeared the detail; save with a higher quality.",
    "halos": "Edges have halos; sharpen less.",
    "clipping": "Most of the image is at the end of a color's range; lower the exposure.",
    "grid": "A grid of squares shows, of compression, a mosaic or enlarging; use the original.",
    "channels": "The color channels are displaced against each other; read or scan it again.",
    "size": "The image is too small to be judged; use one of at least 32 pixels a side.",
}
"""Factor of the score to the advice that is given if it is the weakest."""


_UNTOUCHED = 0.99
_SURE = 0.5
"""Probability from which the head alone decides which factor is named. On 2,755 spoiled pictures
that chose the heads, 0.3 to 0.6 name a fitting factor alike, in 98 of 100."""
_NOTHING = 0.01


def weakest(judged: Judgement, pass_threshold: float) -> Weakness:
    """The factor that is the reason, its value, and the value at which the image would pass if the
    other factors stayed the same; 1 if no value is enough.

    If the learned head takes the picture for bad and is sure of the defect, it is the factor of
    that defect. If the formula did not lower this factor, its value is one minus the head's
    probability. In all other cases it is the smallest factor of those that the formula lowered, or
    of all if it lowered none. With the head, the threshold is an estimate.
    """
    factor, value = _reason(judged)
    needed = value * pass_threshold / judged.score if judged.score > 0 else 1.0
    threshold = min(1.0, math.ceil(needed * 10_000) / 10_000)
    return Weakness(factor, round(value, 4), threshold, ADVICE[factor])


def _reason(judged: Judgement) -> tuple[str, float]:
    """Name and value of the factor that is named."""
    factors, counted = judged.factors, dict(judged.counted())
    if factors.size < 1:  # too small for the other factors to be meaningful
        return "size", factors.size
    if counted.get("information", 1.0) < _NOTHING and factors.tonal_range < _NOTHING:
        return "information", counted["information"]  # one color has no other defects
    shares = _shares(judged)
    left = {name: value * (1 - shares.get(name, 0.0)) for name, value in counted.items()}
    likely = max(counted, key=lambda name: shares.get(name, 0.0))
    if shares.get(likely, 0.0) >= _SURE:
        seen = counted[likely] < _UNTOUCHED
        return likely, counted[likely] if seen else left[likely]
    lowered = [name for name, value in counted.items() if value < _UNTOUCHED] or list(counted)
    smallest = min(lowered, key=left.__getitem__)
    return smallest, counted[smallest]


def _shares(judged: Judgement) -> Mapping[str, float]:
    """Factor to the probability that the head gives to its defects; none if the head takes the
    picture for good, as its defects then mean nothing."""
    opinion = judged.opinion
    return opinion.factors() if opinion is not None and opinion.log_odds < 0 else {}
