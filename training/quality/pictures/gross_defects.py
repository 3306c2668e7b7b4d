"""Severe defects of photographs, each in five growing levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels

Spoil = Callable[["Pixels", float], "Pixels"]


def _cut(values: np.ndarray[tuple[int, ...], np.dtype[np.number]]) -> Pixels:
    return np.clip(values, 0, 255).astype(np.uint8)


def motion(pixels: Pixels, length_px: float) -> Pixels:
    """Motion blur of `length_px`, 20 degrees from horizontal."""
    side = int(length_px)
    kernel = np.zeros((side, side), np.float32)
    kernel[side // 2] = 1
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), 20, 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (side, side)), np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), np.uint8)


def color_noise(pixels: Pixels, sigma: float) -> Pixels:
    planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    planes[..., 1:] += np.random.default_rng(7).normal(0, sigma, planes[..., 1:].shape)
    return np.asarray(cv2.cvtColor(_cut(planes), cv2.COLOR_YCrCb2RGB), np.uint8)


def grain(pixels: Pixels, sigma: float) -> Pixels:
    """Luma noise in which neighboring pixels are similar, as in film."""
    noise = np.random.default_rng(7).normal(0, 1, pixels.shape[:2]).astype(np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2))
    return _cut(pixels + (noise * sigma / noise.std())[..., None])


def posterize(pixels: Pixels, bits: float) -> Pixels:
    step = 256 // 2 ** int(bits)
    return _cut((pixels // step).astype(np.float32) * step + step // 2)


def dead_rows(pixels: Pixels, share: float) -> Pixels:
    spoiled = pixels.copy()
    spoiled[_rows(pixels, share)] = 0
    return spoiled


def shifted_rows(pixels: Pixels, share: float) -> Pixels:
    spoiled, rng = pixels.copy(), np.random.default_rng(8)
    for row in _rows(pixels, share):
        spoiled[row] = np.roll(spoiled[row], int(rng.integers(8, 60)), 0)
    return spoiled


def _rows(pixels: Pixels, share: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    count = max(1, int(len(pixels) * share))
    return np.random.default_rng(7).choice(len(pixels), count, replace=False)


def stripes(pixels: Pixels, height: float) -> Pixels:
    rows = height * np.sign(np.sin(np.arange(len(pixels)) * 2 * np.pi / 8))
    return _cut(pixels + rows[:, None, None])


def moire(pixels: Pixels, height: float) -> Pixels:
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return _cut(pixels + (height * np.sin(x * 0.9 + y * 0.35))[..., None])


def enlarged(pixels: Pixels, factor: float, how: int) -> Pixels:
    """Reduced by `factor` and enlarged again. `how`: the interpolation flag of OpenCV."""
    height, width = pixels.shape[:2]
    size = max(1, int(width / factor)), max(1, int(height / factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=how), np.uint8)


def halos(pixels: Pixels, amount: float) -> Pixels:
    soft = cv2.GaussianBlur(pixels, (0, 0), 2).astype(np.float32)
    return _cut(pixels + amount * (pixels - soft))


def gray_end(pixels: Pixels, share: float) -> Pixels:
    """The lower end is gray, as in a truncated JPEG file."""
    spoiled = pixels.copy()
    spoiled[int(len(pixels) * (1 - share)) :] = 128
    return spoiled


def over_exposed(pixels: Pixels, gain: float) -> Pixels:
    return _cut(pixels.astype(np.float32) * gain)


def cast(pixels: Pixels, amount: float, towards: tuple[float, float, float]) -> Pixels:
    """Color cast: channel c is multiplied by 1 + `amount` * `towards[c]`."""
    return _cut(pixels * (1 + amount * np.array(towards, np.float32)))


def tint(pixels: Pixels, amount: float) -> Pixels:
    """Blended with green. `amount`: share of it, 0 to 1."""
    return _cut(pixels * (1 - amount) + amount * np.array([40, 200, 60], np.float32))


def webp(pixels: Pixels, quality: float) -> Pixels:
    return _through(pixels, ".webp", [cv2.IMWRITE_WEBP_QUALITY, int(quality)])


def jpeg2000(pixels: Pixels, ratio: float) -> Pixels:
    """Saved as JPEG 2000 with this compression ratio."""
    return _through(pixels, ".jp2", [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, int(1000 / ratio)])


def jpeg(pixels: Pixels, quality: float) -> Pixels:
    return _through(pixels, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, int(quality)])


def _through(pixels: Pixels, suffix: str, how: list[int]) -> Pixels:
    content = cv2.imencode(suffix, pixels[..., ::-1], how)[1]
    decoded = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def defocus(pixels: Pixels, radius: float) -> Pixels:
    """Blurred with a disk. `radius` in px is for a long side of 512, and is scaled for others."""
    scaled = max(1.0, radius * max(pixels.shape[:2]) / 512)
    side = 2 * int(np.ceil(scaled)) + 1
    y, x = np.mgrid[:side, :side] - side // 2
    disk = (np.hypot(y, x) <= scaled).astype(np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, disk / disk.sum()), np.uint8)


def blocking(pixels: Pixels, share: float) -> Pixels:
    """Blended with the means of its blocks of 8 x 8 px. `share` of the means, 0 to 1."""
    flat = mosaic(pixels, 8).astype(np.float32)
    return _cut(np.rint(flat + (1 - share) * (pixels - flat)))


def mosaic(pixels: Pixels, block_px: float) -> Pixels:
    """Every square of `block_px` gets its mean color."""
    side, (height, width) = int(block_px), pixels.shape[:2]
    size = -(-width // side), -(-height // side)
    whole = cv2.copyMakeBorder(
        pixels, 0, size[1] * side - height, 0, size[0] * side - width, cv2.BORDER_REFLECT
    )
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return np.repeat(np.repeat(small, side, axis=0), side, axis=1)[:height, :width]


def wrong_blocks(pixels: Pixels, share: float) -> Pixels:
    """`share` of the squares of 16 px are copied from other places, as in a damaged file."""
    spoiled, rng = pixels.copy(), np.random.default_rng(9)
    rows, columns = pixels.shape[0] // 16, pixels.shape[1] // 16
    for place in rng.choice(rows * columns, int(share * rows * columns), replace=False):
        y, x = (16 * int(at) for at in divmod(int(place), columns))
        from_y, from_x = 16 * int(rng.integers(rows)), 16 * int(rng.integers(columns))
        spoiled[y : y + 16, x : x + 16] = pixels[from_y : from_y + 16, from_x : from_x + 16]
    return spoiled


def blank(pixels: Pixels, share: float) -> Pixels:
    """Blended with its mean color. With a `share` of 1 it is one color."""
    return _cut(np.rint(pixels + share * (pixels.mean(axis=(0, 1)) - pixels)))


GROSS: Mapping[str, tuple[Spoil, tuple[float, ...]]] = {
    "defocus": (defocus, (1, 2, 4, 6, 9)),
    "motion blur": (motion, (5, 9, 15, 25, 41)),
    "color noise": (color_noise, (8, 15, 25, 40, 60)),
    "grain": (grain, (8, 15, 22, 32, 45)),
    "JPEG": (jpeg, (60, 30, 15, 8, 4)),
    "WebP": (webp, (50, 25, 10, 5, 1)),
    "JPEG 2000": (jpeg2000, (20, 50, 100, 200, 400)),
    "blocking": (blocking, (0.2, 0.4, 0.6, 0.8, 1)),
    "posterized, bits": (posterize, (5, 4, 3, 2, 1)),
    "over-exposed": (over_exposed, (1.5, 2.5, 4, 7, 12)),
    "cast, warm": (partial(cast, towards=(1, 0, -1)), (0.15, 0.3, 0.45, 0.6, 0.8)),
    "cast, cold": (partial(cast, towards=(-1, 0, 1)), (0.15, 0.3, 0.45, 0.6, 0.8)),
    "cast, green": (partial(cast, towards=(-1, 0.2, -1)), (0.15, 0.3, 0.45, 0.6, 0.8)),
    "tint": (tint, (0.1, 0.2, 0.35, 0.5, 0.7)),
    "dead rows": (dead_rows, (0.01, 0.03, 0.08, 0.15, 0.3)),
    "shifted rows": (shifted_rows, (0.02, 0.05, 0.15, 0.3, 0.6)),
    "stripes": (stripes, (6, 12, 20, 32, 48)),
    "moire": (moire, (6, 12, 20, 32, 48)),
    "nearest enlarging": (partial(enlarged, how=cv2.INTER_NEAREST), (2, 3, 4, 6, 8)),
    "cubic enlarging": (partial(enlarged, how=cv2.INTER_CUBIC), (2, 3, 4, 6, 8)),
    "mosaic": (mosaic, (4, 8, 12, 20, 32)),
    "halos": (halos, (1, 2, 4, 7, 12)),
    "gray end": (gray_end, (0.1, 0.2, 0.3, 0.4, 0.5)),
    "wrong blocks": (wrong_blocks, (0.02, 0.06, 0.12, 0.25, 0.4)),
    "blank": (blank, (0.5, 0.8, 0.9, 0.97, 1)),
}
"""Family to the function that adds the defect, and its levels."""
