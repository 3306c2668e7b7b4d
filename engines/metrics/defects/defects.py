"""Gross defects that the measures of sharpness, noise and tone miss: shifted rows, stripes, color
noise, grain, banding, enlarged pixels, missing parts, color casts, motion blur, smears and halos.

Most are measured in the middle of the picture, by a ratio that stays within narrow bounds for clean
photographs of any content. Measures of smoothness scale the long side to 512 to 1024 pixels first.
About 3 ms of CPU for 512 x 512 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.content import clipped_share
from engines.metrics.defects.cast import Cast, cast
from engines.metrics.defects.fine import KEPT_WHEN_CLEAN, MIXED_WHEN_CLEAN, fine, mixed, pattern
from engines.metrics.defects.grid import Grid, grid
from engines.metrics.defects.missing import missing
from engines.metrics.defects.neighbors import (
    Neighbors,
    neighbors,
    out_of_place,
)
from engines.metrics.defects.palette import color_noise, level_share, packed, palette_size
from engines.metrics.gray import WORKING_SIDE_PX, luma
from engines.metrics.tiles import TILE_PX, middle

if TYPE_CHECKING:
    from engines.metrics.content import Content
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_CROP_PX, _CHROMA_PX = 320, 192
_BLACK, _WHITE = 2, 253
_SEEN_GRID = 0.5
_NOTHING = 0.004  # with at most this share of transitions the middle counts as empty


@dataclass(frozen=True, slots=True)
class Defects:
    """The measured values. The defaults are those of a picture without defects. "Clean" values are
    those of photographs without the defect."""

    rows: float = 0.0
    """How much more neighboring rows differ than neighboring columns, or the reverse; see
    `out_of_place`. Clean up to 0.05; 0.2 if a third of the rows is shifted."""
    pattern: float = 0.0
    """Share of the energy of fine structure at one frequency, 0 to 1. Clean up to 0.1; moire
    0.5."""
    color_noise: float = 0.0
    """Standard deviation of white noise in the chroma planes, levels of 0 to 255."""
    grain: float = 0.0
    """Fine structure of the smoothest tenth of the picture, gray levels, times its ratio to that of
    the roughest tenth. High if all of the picture is equally rough."""
    levels: float = 1.0
    """Share of the levels within a channel's range that occur, 0 to 1. With 4 bits: 0.06."""
    transitions: float = 1.0
    """Share of pairs of neighboring pixels that differ in any channel, 0 to 1."""
    step: float = 0.0
    """Mean difference of neighboring pixels that differ, gray levels. Small in haze and gradients,
    large between areas of one color."""
    palette: int = 4096
    """Number of colors, with 4 bits per channel, that cover 95 % of the picture."""
    equal: float = 0.0
    """Share of neighboring pixels that are equal, 0 to 1, in tiles that are not plain. 0.5 after
    enlarging by 2 with repeated pixels, 0.88 by 8."""
    vector: bool = False
    """Whether it is vector art; see `engines.metrics.defects.vector`."""
    missing: float = 0.0
    """Share of the picture that is missing, 0 to 1; see `engines.metrics.defects.missing`."""
    filled: bool = False
    """Whether the missing part is the gray that decoders fill in."""
    cast: Cast = field(default_factory=Cast)
    """See `engines.metrics.defects.cast`."""
    clipped: float = 0.0
    """Share of the content where two channels are near their maximum, 0 to 1. Clean up to 0.2."""
    grid: float = 0.0
    """Strength of a regular grid; see `engines.metrics.defects.grid`. Clean up to 0.2."""
    grid_px: int = 0
    """Side of the squares of the grid, pixels; 0 without a grid."""
    distinct: float = 0.0
    """Number of colors divided by the number of squares of the grid, 0 to 1. Near 1 for a mosaic of
    a photograph."""
    directional: float = 1.0
    """Gradient energy along the smoothest direction divided by that across it, 0 to 1."""
    fine: float = 1.0
    """Structure finer than one pixel divided by that of two pixels. About 0.95 for sharp
    pictures."""
    crisp: float = 0.0
    """Structure of two pixels divided by that of four. Photographs 0.6 to 1.1; halos 1.5."""
    mixed: float = MIXED_WHEN_CLEAN
    """Mixed second difference divided by the range, in tiles that are not plain. Near 0 if a codec
    smeared the picture."""
    kept: float = KEPT_WHEN_CLEAN
    """Median over small tiles of structure finer than one pixel divided by that of two pixels.
    Photographs 0.3 to 2; 0.25 for WebP at quality 1."""
    clipped_ends: float = 0.0
    """The smaller of the shares of black and of white pixels, 0 to 1."""


def defects(shown: Content) -> Defects:
    """Measure the defects of the content of a picture."""
    pixels = shown.pixels
    colors = middle(pixels, _CROP_PX)
    level = luma(colors)
    seen = _by_whole_steps(pixels, level)
    if min(*level.shape, *seen.shape) < 2 * TILE_PX:
        return Defects()
    channels = cv2.split(colors)
    gray = level.astype(np.float32)
    beside, palette = neighbors(channels, level), palette_size(channels)
    if beside.transitions < _NOTHING:
        beside, palette = _of_whole(pixels, beside, palette)
    lost = missing(pixels)
    structure = fine(gray if seen is level else seen.astype(np.float32))
    gridded = grid(gray)
    return Defects(
        rows=out_of_place(level),
        pattern=pattern(gray),
        color_noise=color_noise(middle(colors, _CHROMA_PX)),
        grain=structure.grain,
        levels=level_share(channels),
        transitions=beside.transitions,
        step=beside.step,
        palette=palette,
        equal=beside.equal,
        vector=beside.vector,
        missing=lost.share,
        filled=lost.filled,
        cast=Cast() if shown.on_neutral else cast(pixels, shown.shown),
        directional=structure.directional,
        fine=structure.fine,
        crisp=structure.crisp,
        mixed=mixed(seen),
        kept=structure.kept,
        clipped_ends=_clipped_ends(level),
        clipped=clipped_share(pixels, shown.shown),
        grid=gridded.strength,
        grid_px=gridded.period_px,
        distinct=_distinct(colors, gridded, beside.transitions),
    )


def _of_whole(pixels: Pixels, beside: Neighbors, palette: int) -> tuple[Neighbors, int]:
    """Neighbors and number of colors of the whole picture, with rows and columns left out. Used if
    the middle is nearly empty, as with large squares or areas of one color."""
    step = -(-max(pixels.shape[:2]) // _CROP_PX)
    few = np.ascontiguousarray(pixels[::step, ::step])
    if min(few.shape[:2]) < 2 * TILE_PX:
        return beside, palette
    channels = cv2.split(few)
    return neighbors(channels, luma(few)), palette_size(channels)


def _by_whole_steps(pixels: Pixels, level: Gray) -> Gray:
    """The middle of the luma, reduced by a whole factor so that the picture's long side has 512 to
    1024 pixels, because smoothness depends on the size at which a picture is viewed.

    A whole factor needs no interpolation. The long side stays longer if the short side would become
    too small. Returns `level`, the middle at its native size, for pictures that are not larger.
    """
    step = min(max(pixels.shape[:2]) // WORKING_SIDE_PX, *pixels.shape[:2])
    if step < 2:
        return level
    sides = [min(side // step, _CROP_PX) for side in pixels.shape[:2]]
    starts = [
        (side // step - taken) // 2 * step
        for side, taken in zip(pixels.shape[:2], sides, strict=True)
    ]
    rows, columns = (
        slice(start, start + taken * step) for start, taken in zip(starts, sides, strict=True)
    )
    part = luma(np.ascontiguousarray(pixels[rows, columns]))
    return np.asarray(cv2.resize(part, (sides[1], sides[0]), interpolation=cv2.INTER_AREA))


def _clipped_ends(level: Gray) -> float:
    """The smaller of the shares of black and of white pixels, 0 to 1."""
    black = cv2.countNonZero(cv2.threshold(level, _BLACK, 1, cv2.THRESH_BINARY_INV)[1])
    white = cv2.countNonZero(cv2.threshold(level, _WHITE - 1, 1, cv2.THRESH_BINARY)[1])
    return min(black, white) / level.size


def _distinct(pixels: Pixels, gridded: Grid, transitions: float) -> float:
    """`Defects.distinct`. 0 without computing it if the grid is too weak to be visible, because
    counting colors takes time. The share of transitions gives another upper bound of the side."""
    if gridded.strength < _SEEN_GRID:
        return 0.0
    colors = packed(pixels)
    squares = colors.size * max(1 / max(gridded.period_px, 1), transitions) ** 2
    return min(1.0, np.unique(colors).size / squares)
