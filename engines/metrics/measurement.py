"""The measurements from which the quality score is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.gray import WORKING_SIDE_PX, luma, shrunk
from engines.metrics.noise import grain, without_specks
from engines.metrics.sharpness import laplacian_variance
from engines.metrics.structure import blockiness, plateau_share
from engines.metrics.tone import Tone, histogram, tone

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_NATIVE_CROP_PX = 1024
_SEEN_NOISE = 0.8
_FEWEST_SHOWN = 16  # pixels


@dataclass(frozen=True, slots=True)
class Measurement:
    """Properties of one image. Measured with its long side reduced to at most 512 pixels, except
    where another size is named."""

    tone: Tone
    """Statistics of luma after specks were removed."""
    grain: float
    """Standard deviation of the noise / 255. That of the native pixels times 0.8 if it is larger,
    because scaling hides noise."""
    grain_of_all: float
    """`grain`, with black and white areas included: near 0 for a drawing on paper."""
    specks: float
    """Share of salt-and-pepper pixels, 0 to 1: the larger of native and reduced size."""
    lonely_specks: float
    """`specks`, counting only isolated ones, so without thin lines and letters."""
    laplacian_variance: float
    """Variance of the Laplacian after noise was subtracted, squared gray levels."""
    coarse_variance: float
    """Variance of the Laplacian at a long side of 256 pixels, squared gray levels."""
    structure: float
    """Variance of the Laplacian at a long side of 64 pixels, which blur hardly lowers; squared gray
    levels."""
    plateau: float
    """Share of the content that is flat and has its brightest level, 0 to 1."""
    content_brightness: float
    """Mean luma of the content, 0 to 1."""
    content_light: float
    """95th percentile of the content's luma, 0 to 1."""
    content_dark: float
    """5th percentile of the content's luma if the background is plain, else the 1st percentile of
    the image's luma; 0 to 1."""
    content_bits: float
    """Shannon entropy of the content's gray levels, 0..8 bits. Without a plain background the
    content is the whole image."""
    blockiness: float
    """See `engines.metrics.structure.blockiness`. Measured at native size."""
    native: Gray = field(repr=False, compare=False)
    """Luma of the image at its native size, unchanged."""

    @property
    def clipped_tone(self) -> Tone:
        """Statistics of `native`, specks included. Computed at each call, because the score does
        not need it."""
        return tone(histogram(self.native))

    @property
    def noise(self) -> float:
        """Grain and specks as one standard deviation / 255. A speck counts as an error of half the
        scale."""
        return _together(self.grain, self.specks)

    @property
    def noise_on_paper(self) -> float:
        """`noise`, from the smaller of `grain` and `grain_of_all`, and from `lonely_specks`."""
        return _together(min(self.grain, self.grain_of_all), self.lonely_specks)


def _together(grain: float, specks: float) -> float:
    return float((grain**2 + 0.25 * specks) ** 0.5)


def measure(pixels: Pixels, shown: Gray | None = None) -> Measurement:
    """Measure RGB `pixels`, uint8 (height, width, 3). Takes 2 ms for 512 x 512 pixels.

    `shown`: uint8 (height, width), 255 for content, 0 for a plain background. None: all is content.
    """
    native = luma(pixels)
    crop = _center(native)
    clean_crop, specks, lonely = without_specks(crop)
    gray = shrunk(native)
    if gray is native:
        clean, found = clean_crop, grain(clean_crop)
        visible_grain, of_all = found.sigma, found.of_all
    else:
        clean, seen, seen_lonely = without_specks(gray)
        specks, lonely = max(specks, seen), max(lonely, seen_lonely)
        found, native_found = grain(clean), grain(clean_crop)
        visible_grain = max(found.sigma, _SEEN_NOISE * native_found.sigma)
        of_all = max(found.of_all, _SEEN_NOISE * native_found.of_all)
    clean_tone = tone(histogram(clean))
    part = None if shown is None else _at(shown, clean)
    half = shrunk(clean, WORKING_SIDE_PX // 2)
    content_tone = clean_tone if part is None else tone(histogram(clean, part))
    return Measurement(
        tone=clean_tone,
        grain=visible_grain / 255,
        grain_of_all=of_all / 255,
        specks=specks,
        lonely_specks=lonely,
        laplacian_variance=laplacian_variance(clean, found.sigma, found.share),
        coarse_variance=laplacian_variance(half),
        structure=laplacian_variance(shrunk(half, WORKING_SIDE_PX // 8)),
        plateau=plateau_share(clean, clean_tone.top, part),
        content_brightness=content_tone.brightness,
        content_light=content_tone.p95,
        content_dark=clean_tone.p1 if part is None else content_tone.p5,
        content_bits=content_tone.entropy_bits,
        blockiness=blockiness(crop),
        native=native,
    )


def _at(shown: Gray, gray: Gray) -> Gray | None:
    """`shown` at the size of `gray`. None if hardly any content is left at that size."""
    size = gray.shape[1], gray.shape[0]
    part = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_NEAREST))
    return part if cv2.countNonZero(part) >= _FEWEST_SHOWN else None


def _center(gray: Gray) -> Gray:
    """The middle, at most 1024 pixels per side, cropped at multiples of 8 pixels so that the grid
    of JPEG blocks keeps its position."""
    height, width = gray.shape
    if max(height, width) <= _NATIVE_CROP_PX:
        return gray
    top = max(height - _NATIVE_CROP_PX, 0) // 16 * 8
    left = max(width - _NATIVE_CROP_PX, 0) // 16 * 8
    return gray[top : top + _NATIVE_CROP_PX, left : left + _NATIVE_CROP_PX]
