"""Gross defects that sharpness, noise and tone do not see: shifted rows, stripes, noise of color,
grain, banding, enlarged pixels, missing parts, casts, motion, smears and halos.

Each is measured on the middle of the picture, by a ratio that clean photographs hold within narrow
bounds whatever they show: natively, or with the long side between 512 and 1024 pixels where
smoothness is meant. About 3 ms of CPU for 512 x 512 pixels.
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
_NOTHING = 0.004  # transitions, up to which the middle shows next to nothing


@dataclass(frozen=True, slots=True)
class Defects:
    """What was measured; the defaults are those of a picture without any defect."""

    rows: float = 0.0
    """By how much a row, or a column, differs more from its next one than those of the other
    direction do; see `out_of_place`. Clean up to .05, a third of the rows shifted .2."""
    pattern: float = 0.0
    """Share of the energy of fine structure in one frequency, 0..1. Clean up to .1, moire .5."""
    color_noise: float = 0.0
    """Sigma of white noise in the chroma planes, gray levels."""
    grain: float = 0.0
    """Fine structure of the smoothest tenth of the picture, gray levels, times how much of the
    roughest tenth's it is: high where all of the picture is equally rough."""
    levels: float = 1.0
    """Share of the levels within a channel's range that are used, 0..1; 4 bits leave .06."""
    transitions: float = 1.0
    """Share of neighbors that differ in any channel, 0..1."""
    step: float = 0.0
    """Mean difference of neighbors that differ, gray levels: small in haze and in gradients, large
    where areas of one color meet."""
    palette: int = 4096
    """Colors of 4 bits a channel that cover 95 % of the picture."""
    equal: float = 0.0
    """Share of equal neighbors where something is shown, 0..1: enlarged by 2 .5, by 8 .88."""
    vector: bool = False
    """Gradients without noise, sharp edges: see `engines.metrics.defects.vector`."""
    missing: float = 0.0
    """Share of the picture that is one color from side to side, 0..1; see `missing`."""
    filled: bool = False
    """It is the gray that decoders fill in."""
    cast: Cast = field(default_factory=Cast)
    """See `engines.metrics.defects.cast`."""
    clipped: float = 0.0
    """Share of the content at the upper end of two channels, 0..1; clean up to .2."""
    grid: float = 0.0
    """Strength of a grid, see `engines.metrics.defects.grid`; clean up to .2."""
    grid_px: int = 0
    """Side of its squares; 0 without one."""
    distinct: float = 0.0
    """Colors over the squares of that grid, 0..1: near 1 in a mosaic of a photograph."""
    directional: float = 1.0
    """Gradient energy along the smoothest direction over that across it, 0..1."""
    fine: float = 1.0
    """Structure below one pixel over that of two, about .95 when sharp."""
    crisp: float = 0.0
    """Structure of two pixels over that of four, .6 to 1.1 in photographs, 1.5 with halos."""
    mixed: float = MIXED_WHEN_CLEAN
    """Mixed second difference over the range, in tiles that show something: codecs that smear
    leave next to none."""
    kept: float = KEPT_WHEN_CLEAN
    """Structure below one pixel over that of two, the median of small tiles: .3 to 2 in
    photographs, .25 at WebP's quality 1."""
    clipped_ends: float = 0.0
    """Share of pixels that are black, or white, whichever is less, 0..1."""


def defects(shown: Content) -> Defects:
    """Of the content of a picture. Pure."""
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
    """Neighbors and colors of every so many pixels both ways, where the middle shows next to
    nothing: large squares and areas of one color."""
    step = -(-max(pixels.shape[:2]) // _CROP_PX)
    few = np.ascontiguousarray(pixels[::step, ::step])
    if min(few.shape[:2]) < 2 * TILE_PX:
        return beside, palette
    channels = cv2.split(few)
    return neighbors(channels, luma(few)), palette_size(channels)


def _by_whole_steps(pixels: Pixels, level: Gray) -> Gray:
    """The middle of the luma, smaller by a whole number, so that the picture's long side is between
    512 and 1024 pixels: what is smooth depends on the size at which it is looked at, and nothing
    is interpolated; longer where the short side would vanish. `level`, which is the middle as it
    is, where it is no larger."""
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
    """Share of black or of white pixels, whichever is less."""
    black = cv2.countNonZero(cv2.threshold(level, _BLACK, 1, cv2.THRESH_BINARY_INV)[1])
    white = cv2.countNonZero(cv2.threshold(level, _WHITE - 1, 1, cv2.THRESH_BINARY)[1])
    return min(black, white) / level.size


def _distinct(pixels: Pixels, gridded: Grid, transitions: float) -> float:
    """0 where the grid is too weak for its squares to be seen: sorting colors takes time. The side
    of squares is at most what the grid says, and at most what leaves so many transitions."""
    if gridded.strength < _SEEN_GRID:
        return 0.0
    colors = packed(pixels)
    squares = colors.size * max(1 / max(gridded.period_px, 1), transitions) ** 2
    return min(1.0, np.unique(colors).size / squares)
