"""What the score is computed from: one pass over the gray plane."""

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
    """Physical properties of one image, with its long side scaled to 512 where not said else."""

    tone: Tone
    """Of the image without specks."""
    grain: float
    """Sigma / 255; of the native pixels times 0.8 if that is more (scaling hides noise)."""
    grain_of_all: float
    """The same where black and white areas count: near 0 for a drawing on paper."""
    specks: float
    """Share of salt-and-pepper pixels, native or scaled, the larger; 0..1."""
    lonely_specks: float
    """The same without lines and letters."""
    laplacian_variance: float
    """Without noise, squared gray levels."""
    coarse_variance: float
    """The same at 256 pixels."""
    structure: float
    """The same at 64 pixels: what is there however blurred."""
    plateau: float
    """Share of the content flat at its brightest level, 0..1."""
    content_brightness: float
    """Mean luma of the content, 0..1."""
    content_light: float
    """95th percentile of its luma, 0..1."""
    content_dark: float
    """Where the background is plain the 5th percentile of its luma, else the image's 1st, 0..1."""
    blockiness: float
    """See `engines.metrics.structure.blockiness`; native size."""
    native: Gray = field(repr=False, compare=False)
    """Luma of the image at its native size, as it is."""

    @property
    def clipped_tone(self) -> Tone:
        """Of `native`; measured when asked for, because no score needs it."""
        return tone(histogram(self.native))

    @property
    def noise(self) -> float:
        """Grain and specks together, as a share of full scale: a speck is half the scale off."""
        return _together(self.grain, self.specks)

    @property
    def noise_on_paper(self) -> float:
        """The same where black and white areas count too, and lines and letters are no specks."""
        return _together(min(self.grain, self.grain_of_all), self.lonely_specks)


def _together(grain: float, specks: float) -> float:
    return float((grain**2 + 0.25 * specks) ** 0.5)


def measure(pixels: Pixels, shown: Gray | None = None) -> Measurement:
    """Everything the score needs of RGB `pixels`, uint8 (height, width, 3). Pure; 2 ms at 512.

    `shown`: uint8 (height, width), 255 where the content is and 0 where a plain background lies;
    None where all is content.
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
        blockiness=blockiness(crop),
        native=native,
    )


def _at(shown: Gray, gray: Gray) -> Gray | None:
    """`shown` at the size of `gray`; None where next to nothing is left of it."""
    size = gray.shape[1], gray.shape[0]
    part = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_NEAREST))
    return part if cv2.countNonZero(part) >= _FEWEST_SHOWN else None


def _center(gray: Gray) -> Gray:
    """The middle, at most 1024 pixels a side, cut on the 8-pixel grid."""
    height, width = gray.shape
    if max(height, width) <= _NATIVE_CROP_PX:
        return gray
    top = max(height - _NATIVE_CROP_PX, 0) // 16 * 8
    left = max(width - _NATIVE_CROP_PX, 0) // 16 * 8
    return gray[top : top + _NATIVE_CROP_PX, left : left + _NATIVE_CROP_PX]
