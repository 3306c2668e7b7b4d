"""Names the factor that lowers an image's score most, and advises what to do about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engines.types import Weakness

if TYPE_CHECKING:
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
    "size": "The image is too small to be judged; use one of at least 32 pixels a side.",
}
"""Factor of the score to the advice that is given if it is the weakest."""


_UNTOUCHED = 0.99


def weakest(judged: Judgement, pass_threshold: float) -> Weakness:
    """The smallest factor that counts, and the value at which the image would pass if the other
    factors stayed the same; 1 if no value is enough.

    If the learned head was used, each factor is first reduced by the probability that the head
    gives to the factor's defects. The smallest is then chosen among the factors that the formula
    lowered, or among all if it lowered none. The threshold is then an estimate.
    """
    counted = judged.counted()
    shares = judged.opinion.factors() if judged.opinion else {}
    lowered = [named for named in counted if named[1] < _UNTOUCHED] or list(counted)
    factor, value = min(lowered, key=lambda named: named[1] * (1 - shares.get(named[0], 0.0)))
    if judged.factors.size < 1:  # too small for the other factors to be meaningful
        factor, value = "size", judged.factors.size
    needed = value * pass_threshold / judged.score if judged.score > 0 else 1.0
    threshold = min(1.0, math.ceil(needed * 10_000) / 10_000)
    return Weakness(factor, round(value, 4), threshold, ADVICE[factor])
