"""Forms of defects of a whole picture: noise, blur, compression and scaling."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from training.quality.pictures.form import Levels, Spoil, cut
from training.quality.pictures.gross_defects import blocking, enlarged, jpeg

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels


def noise(rng: Generator) -> tuple[Spoil, Levels]:
    """One of six kinds of white noise: uniform, Poisson (photons), speckle (multiplied), only in
    luma, or normal noise before saving as JPEG or before scaling."""
    how, seed = str(rng.choice(["uniform", "shot", "speckle", "luma", "saved", "scaled"])), 11

    def spoil(pixels: Pixels, sigma: float) -> Pixels:
        drawn = np.random.default_rng(seed)
        if how == "uniform":
            return cut(pixels + drawn.uniform(-1.7 * sigma, 1.7 * sigma, pixels.shape))
        if how == "shot":
            photons = (128 / sigma) ** 2 * 2
            return cut(drawn.poisson(pixels / 255 * photons) / photons * 255)
        if how == "speckle":
            return cut(pixels * (1 + drawn.normal(0, sigma / 110, pixels.shape)))
        if how == "luma":
            return cut(pixels + drawn.normal(0, sigma, (*pixels.shape[:2], 1)))
        noisy = cut(pixels + drawn.normal(0, 1.4 * sigma, pixels.shape))
        return jpeg(noisy, 70) if how == "saved" else enlarged(noisy, 1.6, cv2.INTER_LINEAR)

    return spoil, (5, 10, 20, 35, 55)


def color_blotches(rng: Generator) -> tuple[Spoil, Levels]:
    """Low-frequency color noise: neighboring pixels have similar noise."""
    size = float(rng.uniform(1, 10))

    def spoil(pixels: Pixels, sigma: float) -> Pixels:
        planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
        drawn = np.random.default_rng(13).normal(0, 1, planes[..., 1:].shape).astype(np.float32)
        soft = np.asarray(cv2.GaussianBlur(drawn, (0, 0), size))
        planes[..., 1:] += sigma * soft / soft.std()
        return np.asarray(cv2.cvtColor(cut(planes), cv2.COLOR_YCrCb2RGB), np.uint8)

    return spoil, (6, 12, 20, 30, 42)


def coarse_grain(rng: Generator) -> tuple[Spoil, Levels]:
    """Low-frequency luma noise: neighboring pixels have similar noise."""
    size = float(rng.uniform(0.7, 3.5))

    def spoil(pixels: Pixels, sigma: float) -> Pixels:
        drawn = np.random.default_rng(14).normal(0, 1, pixels.shape[:2]).astype(np.float32)
        soft = np.asarray(cv2.GaussianBlur(drawn, (0, 0), size))
        return cut(pixels + (soft * sigma / soft.std())[..., None])

    return spoil, (8, 15, 22, 32, 45)


def specks(rng: Generator) -> tuple[Spoil, Levels]:
    """White, black or colored dots of 1 or 2 px."""
    how, size = str(rng.choice(["white", "black", "colored"])), int(rng.integers(1, 3))

    def spoil(pixels: Pixels, share: float) -> Pixels:
        drawn = np.random.default_rng(15)
        height, width = (-(-side // size) for side in pixels.shape[:2])
        marks = np.kron(drawn.random((height, width)) < share, np.ones((size, size), bool))
        marks = marks[: pixels.shape[0], : pixels.shape[1]]
        spoiled = pixels.copy()
        count = int(marks.sum())
        spoiled[marks] = (
            drawn.integers(0, 256, (count, 3)) if how == "colored" else 255 * (how == "white")
        )
        return spoiled

    return spoil, (0.003, 0.01, 0.03, 0.08, 0.2)


def blur(rng: Generator) -> tuple[Spoil, Levels]:
    """Gaussian blur, box blur or median filter."""
    how = str(rng.choice(["Gaussian", "square", "median"]))

    def spoil(pixels: Pixels, sigma: float) -> Pixels:
        scaled = sigma * max(pixels.shape[:2]) / 512
        side = 2 * round(1.7 * scaled) + 1
        if how == "Gaussian":
            return np.asarray(cv2.GaussianBlur(pixels, (0, 0), scaled), np.uint8)
        if how == "square":
            return np.asarray(cv2.blur(pixels, (side, side)), np.uint8)
        return np.asarray(cv2.medianBlur(pixels, side + 2), np.uint8)

    return spoil, (0.7, 1.4, 2.5, 4, 7)


def motion(rng: Generator) -> tuple[Spoil, Levels]:
    """Motion blur in any direction, or zoom blur."""
    angle = float(rng.choice([0, 90, rng.uniform(0, 180)]))
    zooms = rng.random() < 0.2

    def spoil(pixels: Pixels, length_px: float) -> Pixels:
        if zooms:
            return _zoomed(pixels, 1 + length_px / 150)
        side = int(length_px)
        kernel = np.zeros((side, side), np.float32)
        kernel[side // 2] = 1
        turn = cv2.getRotationMatrix2D((side // 2, side // 2), angle, 1)
        kernel = np.asarray(cv2.warpAffine(kernel, turn, (side, side)), np.float32)
        return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), np.uint8)

    return spoil, (5, 9, 15, 25, 41)


def short_motion(rng: Generator) -> tuple[Spoil, Levels]:
    """`motion` by shorter distances."""
    return motion(rng)[0], (4, 6, 9, 12, 16)


def _zoomed(pixels: Pixels, most: float) -> Pixels:
    height, width = pixels.shape[:2]
    total = np.zeros(pixels.shape, np.float32)
    for scale in (scales := np.linspace(1, most, 16)):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 0, float(scale))
        total += cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    return cut(total / len(scales))


def enlarging(rng: Generator) -> tuple[Spoil, Levels]:
    """Reduced and enlarged with one of three filters, or with high frequencies removed, which
    causes ringing."""
    how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_LANCZOS4, cv2.INTER_AREA, -1]))

    def spoil(pixels: Pixels, factor: float) -> Pixels:
        if how >= 0:
            return enlarged(pixels, factor, how)
        height, width = pixels.shape[:2]
        spectrum = np.fft.rfft2(pixels, axes=(0, 1))
        spectrum[np.abs(np.fft.fftfreq(height)) > 0.5 / factor] = 0
        spectrum[:, np.fft.rfftfreq(width) > 0.5 / factor] = 0
        return cut(np.fft.irfft2(spectrum, (height, width), axes=(0, 1)))

    return spoil, (1.7, 2.5, 3.5, 5, 8)


def sharpened(rng: Generator) -> tuple[Spoil, Levels]:
    """Unsharp masking with any radius."""
    radius = float(np.exp(rng.uniform(np.log(0.7), np.log(10))))

    def spoil(pixels: Pixels, amount: float) -> Pixels:
        soft = cv2.GaussianBlur(pixels, (0, 0), radius).astype(np.float32)
        return cut(pixels + amount * (pixels - soft))

    return spoil, (1.5, 3, 5, 8, 12)


def lossy(rng: Generator) -> tuple[Spoil, Levels]:
    """JPEG without chroma subsampling, saved twice, or reduced or cropped after it."""
    how = str(rng.choice(["color", "twice", "reduced", "cut"]))

    def spoil(pixels: Pixels, quality: float) -> Pixels:
        if how == "color":
            return _saved(pixels, "JPEG", quality=int(quality), subsampling=0)
        if how == "twice":
            moved = np.roll(jpeg(pixels, quality), (3, 5), (0, 1))
            return np.roll(jpeg(moved, quality), (-3, -5), (0, 1))
        worse = jpeg(pixels, quality)
        if how == "cut":
            return np.ascontiguousarray(worse[3:, 5:])
        return np.asarray(cv2.resize(worse, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA))

    return spoil, (50, 25, 13, 8, 4)


def smooth_lossy(rng: Generator) -> tuple[Spoil, Levels]:
    """Saved as AVIF, which, like WebP, smooths details away."""
    return (lambda pixels, quality: _saved(pixels, "AVIF", quality=int(quality), speed=9)), (
        40,
        22,
        12,
        6,
        2,
    )


def _saved(pixels: Pixels, kind: str, **how: int) -> Pixels:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, **how)
    return np.asarray(Image.open(content).convert("RGB"))


def coarse_blocking(rng: Generator) -> tuple[Spoil, Levels]:
    """Blocking in a picture that is reduced afterwards, so that blocks are smaller than 8
    pixels."""
    scale = float(rng.uniform(0.55, 0.95))

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled = blocking(pixels, share)
        return np.asarray(
            cv2.resize(spoiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )

    return spoil, (0.3, 0.5, 0.7, 0.85, 1)
