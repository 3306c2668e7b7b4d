"""Gross defects that sharpness, noise and tone do not see: shifted rows, stripes, noise of color,
grain, banding, enlarged pixels, missing parts, casts, motion, smears and halos.

Each is measured on the middle of the picture, by a ratio that clean photographs hold within narrow
bounds whatever they show: natively, or with the long side between 512 and 1024 pixels where
smoothness is meant. About 9 ms of CPU for 512 x 512 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.metrics.cast import Cast, cast
from engines.metrics.content import clipped_share
from engines.metrics.gray import WORKING_SIDE_PX, luma
from engines.metrics.grid import Grid, grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.content import Content
    from engines.metrics.gray import Gray
    from engines.types import Pixels

    Plane = NDArray[np.float32]

_CROP_PX, _PATTERN_PX = 320, 192
_TILE_PX = 16
_ACTIVE_LEVELS = 24  # range of gray levels from which a tile shows something
_FEWEST_TILES = 4
_LOWEST_FREQUENCY = 0.06  # cycles a pixel; below it, pictures have strong regular structure too
_LEAST_TEXTURE = 1.5  # gray levels of fine structure, under which a pattern is rounding
_LEVELS_RANGE = 24  # gray levels that a channel must use, for its gaps to mean something
_OCCUPIED = 2e-5  # share of pixels from which a level is used
_BITS_OF_PALETTE = 4
_PALETTE_SHARE = 0.95
_SAME = 3  # levels within which a missing part is of one color
_FULL_ROW, _FEWEST_MISSING, _OF_THE_EDGE = 0.995, 0.04, 0.3
_BLACK, _WHITE = 2, 253
_MIXED_WHEN_CLEAN = 0.12
_OF_A_RAMP, _SEEN_GRID = 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Defects:
    """What was measured; the defaults are those of a picture without any defect."""

    rows: float = 0.0
    """By how much a row differs more from its next one than columns do (or a ramp would), less
    what it would at twice the distance; -1..1. Clean up to .05, a third of the rows shifted .2."""
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
    missing: float = 0.0
    """Share of the picture that is one color from side to side at its end, 0..1."""
    cast: Cast = field(default_factory=Cast)
    """See `engines.metrics.cast`."""
    clipped: float = 0.0
    """Share of the content at the upper end of two channels, 0..1; clean up to .2."""
    grid: float = 0.0
    """Strength of a grid, see `engines.metrics.grid`; clean up to .2."""
    grid_px: int = 0
    """Side of its squares; 0 without one."""
    distinct: float = 0.0
    """Colors over the squares of that grid, 0..1: near 1 in a mosaic of a photograph."""
    directional: float = 1.0
    """Gradient energy along the smoothest direction over that across it, 0..1."""
    fine: float = 1.0
    """Structure below one pixel over that of two, about .95 when sharp."""
    mixed: float = _MIXED_WHEN_CLEAN
    """Mixed second difference over the range, in tiles that show something: codecs that smear
    leave next to none."""
    clipped_ends: float = 0.0
    """Share of pixels that are black, or white, whichever is less, 0..1."""


def defects(shown: Content) -> Defects:
    """Of the content of a picture. Pure."""
    pixels = shown.pixels
    middle = _middle(pixels, _CROP_PX)
    level = luma(middle)
    gray = level.astype(np.float32)
    if min(gray.shape) < 2 * _TILE_PX:
        return Defects()
    colors = _packed(middle)
    seen = _middle(_by_whole_steps(luma(pixels)), _CROP_PX).astype(np.float32)
    if min(seen.shape) < 2 * _TILE_PX:
        return Defects()
    directional, fine = _directions(seen)
    black, white = (level <= _BLACK).mean(), (level >= _WHITE).mean()
    gridded = grid(gray)
    return Defects(
        rows=_next_to_second(gray) - max(_next_to_second(gray.T), _OF_A_RAMP),
        pattern=_pattern(gray),
        color_noise=_color_noise(middle),
        grain=_grain(seen),
        levels=_levels(middle),
        transitions=float((colors[:, 1:] != colors[:, :-1]).mean()),
        step=_step(middle),
        palette=_palette(middle),
        equal=_equal(colors, gray),
        missing=_missing(pixels),
        cast=Cast() if shown.on_neutral else cast(pixels, shown.shown),
        directional=directional,
        fine=fine,
        mixed=_mixed(seen),
        clipped_ends=float(min(black, white)),
        clipped=clipped_share(pixels, shown.shown),
        grid=gridded.strength,
        grid_px=gridded.period_px,
        distinct=_distinct(colors, gridded),
    )


def _middle(plane: Any, side_px: int) -> Any:
    height, width = plane.shape[:2]
    top, left = max(0, (height - side_px) // 2), max(0, (width - side_px) // 2)
    return np.ascontiguousarray(plane[top : top + side_px, left : left + side_px])


def _by_whole_steps(gray: Gray) -> Gray:
    """Smaller by a whole number, so that the long side is between 512 and 1024 pixels: what is
    smooth depends on the size at which it is looked at, and nothing is interpolated."""
    step = max(gray.shape) // WORKING_SIDE_PX
    if step < 2:
        return gray
    size = gray.shape[1] // step, gray.shape[0] // step
    cut = np.ascontiguousarray(gray[: size[1] * step, : size[0] * step])
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA))


def _next_to_second(gray: Plane) -> float:
    """Mean difference to the next row over that to the second next: rows out of place make them
    alike."""
    step = float(np.abs(gray[1:] - gray[:-1]).mean())
    return step / (float(np.abs(gray[2:] - gray[:-2]).mean()) + 0.1)


def _pattern(gray: Plane) -> float:
    square = _middle(gray, min(_PATTERN_PX, *gray.shape))
    rough = square - cv2.GaussianBlur(square, (0, 0), 6)
    if rough.std() < _LEAST_TEXTURE:
        return 0.0
    side = square.shape[0]
    window = np.hanning(side).astype(np.float32)
    energy = np.abs(np.fft.rfft2(rough * window[:, None] * window)) ** 2
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    energy[np.hypot(down, across) < _LOWEST_FREQUENCY] = 0
    y, x = divmod(int(energy.argmax()), energy.shape[1])
    rows = [(y + step) % side for step in (-1, 0, 1)]
    peak = energy[rows, max(0, x - 1) : x + 2].sum()
    return float(peak / (energy.sum() + 1e-6))


def _color_noise(pixels: Pixels) -> float:
    """The larger sigma of both planes, by the median of Immerkaer's mask (1996)."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    planes = cv2.cvtColor(_middle(pixels, _PATTERN_PX), cv2.COLOR_RGB2YCrCb)
    sigmas = (
        np.median(np.abs(cv2.filter2D(planes[..., index], cv2.CV_32F, mask))) / 0.6745
        for index in (1, 2)
    )
    return float(max(sigmas))


def _grain(gray: Plane) -> float:
    band = cv2.GaussianBlur(gray, (0, 0), 1) - cv2.GaussianBlur(gray, (0, 0), 3)
    rough = _tiles(band).std(axis=(1, 3))
    low, high = np.percentile(rough, (10, 90))
    return float(low * low / (high + 0.5))


def _tiles(plane: Any, side_px: int = _TILE_PX) -> Any:
    """Shape (rows, side, columns, side)."""
    rows, columns = plane.shape[0] // side_px, plane.shape[1] // side_px
    cut = plane[: rows * side_px, : columns * side_px]
    return cut.reshape(rows, side_px, columns, side_px)


def _levels(pixels: Pixels) -> float:
    """Used share of the levels, the median of the channels."""
    used = []
    for channel in range(3):
        counts = cv2.calcHist([pixels], [channel], None, [256], [0, 256]).ravel()
        shares = counts.cumsum() / counts.sum()
        low, high = (int(np.searchsorted(shares, cut)) for cut in (0.01, 0.99))
        inside = counts[low : high + 1] > _OCCUPIED * counts.sum()
        used.append(float(inside.mean()) if high - low >= _LEVELS_RANGE else 1.0)
    return sorted(used)[1]


def _palette(pixels: Pixels) -> int:
    coarse = pixels[::2, ::2].astype(np.int32) >> (8 - _BITS_OF_PALETTE)
    counts = np.bincount((coarse @ np.array([256, 16, 1], np.int32)).ravel(), minlength=4096)
    shares = np.sort(counts)[::-1].cumsum() / counts.sum()
    return int(np.searchsorted(shares, _PALETTE_SHARE)) + 1


def _step(pixels: Pixels) -> float:
    apart = cv2.absdiff(pixels[:, 1:], pixels[:, :-1]).max(axis=2)
    return float(apart.sum() / max(1, cv2.countNonZero(apart)))


def _packed(pixels: Pixels) -> NDArray[np.uint32]:
    """A number for each color."""
    four = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    return np.ascontiguousarray(four).view(np.uint32)[..., 0]


def _equal(colors: NDArray[np.uint32], gray: Plane) -> float:
    """The smaller median of both directions, over the tiles that show something."""
    tiles = _tiles(gray).transpose(0, 2, 1, 3)
    active = tiles.max(axis=(2, 3)) - tiles.min(axis=(2, 3)) > _ACTIVE_LEVELS
    if active.sum() < _FEWEST_TILES:
        return 0.0
    shown = _tiles(colors).transpose(0, 2, 1, 3)[active]
    across = (shown[:, :, 1:] == shown[:, :, :-1]).mean(axis=(1, 2))
    down = (shown[:, 1:] == shown[:, :-1]).mean(axis=(1, 2))
    return min(float(np.median(across)), float(np.median(down)))


def _missing(pixels: Pixels) -> float:
    """Rows of one color at the picture's end, where the rest has no margin of that color."""
    least = max(1, round(_FEWEST_MISSING * len(pixels)))
    if np.ptp(pixels[-least:], axis=(0, 1)).max() > 2 * _SAME:
        return 0.0
    same = (cv2.absdiff(pixels, np.full_like(pixels, pixels[-1, 0])) <= _SAME).all(axis=2)
    full = same.mean(axis=1)[::-1] > _FULL_ROW
    rows = int(full.argmin()) if not full.all() else 0
    rest = same[: len(same) - rows]
    edge = np.concatenate([rest[:, 0], rest[:, -1], rest[0]])
    share = rows / len(same)
    return share if share >= _FEWEST_MISSING and edge.mean() < _OF_THE_EDGE else 0.0


def _distinct(colors: NDArray[np.uint32], gridded: Grid) -> float:
    """0 where the grid is too weak for its squares to be seen: sorting colors takes time."""
    if gridded.strength < _SEEN_GRID:
        return 0.0
    squares = colors.size / max(gridded.period_px, 1) ** 2
    return min(1.0, np.unique(colors).size / squares)


def _directions(gray: Plane) -> tuple[float, float]:
    """Least over greatest eigenvalue of the gradients' covariance; fine over coarser structure."""
    once = cv2.GaussianBlur(gray, (0, 0), 1)
    x, y = once[1:-1, 2:] - once[1:-1, :-2], once[2:, 1:-1] - once[:-2, 1:-1]
    a, b, c = float((x * x).mean()), float((x * y).mean()), float((y * y).mean())
    middle, spread = (a + c) / 2, float(np.hypot((a - c) / 2, b))
    coarser = once - cv2.GaussianBlur(gray, (0, 0), 2.5)
    fine = float((gray - once).std() / (coarser.std() + 0.5))
    if coarser.std() < _LEAST_TEXTURE:
        return 1.0, 1.0
    return (middle - spread) / (middle + spread + 0.1), fine


def _mixed(gray: Plane) -> float:
    tiles = _tiles(_middle(gray, _PATTERN_PX), 8).transpose(0, 2, 1, 3)
    heights = tiles.max(axis=(2, 3)) - tiles.min(axis=(2, 3))
    active = heights > _ACTIVE_LEVELS / 2
    if active.sum() < _FEWEST_TILES:
        return _MIXED_WHEN_CLEAN
    shown = tiles[active]
    twist = shown[:, 1:, 1:] + shown[:, :-1, :-1] - shown[:, 1:, :-1] - shown[:, :-1, 1:]
    return float(np.median(np.sqrt((twist**2).mean(axis=(1, 2))) / heights[active]))
