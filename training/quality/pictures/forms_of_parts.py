"""Forms of defects of lines, regions and blocks: lost, repeated, moved, striped or noisy parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.quality.pictures.form import LOST_COLORS, Levels, Spoil, at_an_end, cut, either_way
from training.quality.pictures.gross_defects import gray_end

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels


def noise_of_a_part(rng: Generator) -> tuple[Spoil, Levels]:
    """White noise in 30 to 70 % of the picture, at one of its ends."""
    share = float(rng.uniform(0.3, 0.7))

    def spoil(pixels: Pixels, sigma: float) -> Pixels:
        spoiled, first = pixels.copy(), int(len(pixels) * (1 - share))
        drawn = np.random.default_rng(12).normal(0, sigma, pixels[first:].shape)
        spoiled[first:] = cut(pixels[first:] + drawn)
        return spoiled

    return at_an_end(spoil, rng), (8, 15, 25, 40, 60)


def lost_lines(rng: Generator) -> tuple[Spoil, Levels]:
    """Lines of one color and 1 or 2 px, at random places or at equal distances."""
    color, regular = LOST_COLORS[int(rng.integers(len(LOST_COLORS)))], rng.random() < 0.5
    thick = int(rng.integers(1, 3))

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, height = pixels.copy(), len(pixels)
        count = max(1, int(height * share / thick))
        if regular:
            firsts = np.arange(count) * height // count + height // count // 2
        else:
            firsts = np.random.default_rng(16).choice(height, count, replace=False)
        for first in firsts:
            spoiled[first : first + thick] = color
        return spoiled

    return either_way(spoil, rng), (0.01, 0.03, 0.06, 0.12, 0.25)


def lost_bands(rng: Generator) -> tuple[Spoil, Levels]:
    """One to three bands within the picture, in one color or with one line repeated."""
    color, repeats = LOST_COLORS[int(rng.integers(len(LOST_COLORS)))], rng.random() < 0.5
    bands, start = int(rng.integers(1, 4)), float(rng.uniform(0.15, 0.35))

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, height = pixels.copy(), len(pixels)
        for band in range(bands):
            first = int(height * (start + 0.6 * band / bands))
            behind = first + max(2, int(height * share / bands))
            spoiled[first:behind] = pixels[first] if repeats else np.array(color, np.uint8)
        return spoiled

    return either_way(spoil, rng), (0.02, 0.04, 0.07, 0.12, 0.2)


def shifted_bands(rng: Generator) -> tuple[Spoil, Levels]:
    """Bands of lines, or every second line (as in interlaced video), are shifted sideways."""
    size, interlaced = int(rng.choice([2, 4, 8, 16, 24, 40, 64])), rng.random() < 0.25

    def spoil(pixels: Pixels, most_px: float) -> Pixels:
        spoiled = pixels.copy()
        if interlaced:
            spoiled[1::2] = np.roll(pixels[1::2], int(most_px / 2), 1)
            return spoiled
        drawn = np.random.default_rng(17)
        for first in range(0, len(pixels), size):
            offset = int(drawn.uniform(0.3, 1) * most_px) * int(drawn.choice([-1, 1]))
            if drawn.random() < 0.7:
                spoiled[first : first + size] = np.roll(pixels[first : first + size], offset, 1)
        return spoiled

    return either_way(spoil, rng), (2, 5, 12, 25, 50)


def displaced_planes(rng: Generator) -> tuple[Spoil, Levels]:
    """One or two color channels moved in any direction, as of a print out of register."""
    moved, angle = rng.permutation(3)[: int(rng.integers(1, 3))], float(rng.uniform(0, 2 * np.pi))

    def spoil(pixels: Pixels, distance_px: float) -> Pixels:
        spoiled = pixels.copy()
        for way, channel in zip((1, -1), moved, strict=False):
            down, across = (
                round(way * distance_px * part) for part in (np.sin(angle), np.cos(angle))
            )
            spoiled[..., channel] = np.roll(pixels[..., channel], (down, across), (0, 1))
        return spoiled

    return spoil, (1, 2, 4, 8, 14)


def planes_a_little_apart(rng: Generator) -> tuple[Spoil, Levels]:
    """`displaced_planes` by shorter distances."""
    return displaced_planes(rng)[0], (1, 2, 3, 5, 8)


def plain_end(rng: Generator) -> tuple[Spoil, Levels]:
    """Up to a fifth of the picture, at one of its ends, is white, black or of any color."""
    color = _any_color(rng)

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled = pixels.copy()
        spoiled[round(len(pixels) * (1 - share)) :] = color
        return spoiled

    return at_an_end(spoil, rng), (0.04, 0.08, 0.12, 0.16, 0.2)


def narrow_end(rng: Generator) -> tuple[Spoil, Levels]:
    """Up to a tenth of the picture, at one of its ends, is white, black, of any color, or of the
    mean color of the line before it."""
    color, of_a_line = _any_color(rng), rng.random() < 0.3

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, first = pixels.copy(), round(len(pixels) * (1 - share))
        spoiled[first:] = pixels[first - 1].mean(axis=0) if of_a_line else np.array(color)
        return spoiled

    return at_an_end(spoil, rng), (0.02, 0.04, 0.06, 0.08, 0.1)


def plain_band(rng: Generator) -> tuple[Spoil, Levels]:
    """A narrow band within the picture is white, black or of any color; what is on both sides of it
    belongs together."""
    color, start = _any_color(rng), float(rng.uniform(0.1, 0.85))

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, first = pixels.copy(), int(len(pixels) * start)
        spoiled[first : first + max(2, round(len(pixels) * share))] = color
        return spoiled

    return either_way(spoil, rng), (0.01, 0.02, 0.03, 0.045, 0.06)


def _any_color(rng: Generator) -> tuple[int, ...]:
    """White, black, or any color, the same chance for each."""
    other = tuple(int(level) for level in rng.integers(0, 256, 3))
    return ((255,) * 3, (0,) * 3, other)[int(rng.integers(3))]


def stripes(rng: Generator) -> tuple[Spoil, Levels]:
    """Light and dark stripes with a period of 3 to 60 px, with hard edges or as a sine."""
    period, wave = float(np.exp(rng.uniform(np.log(3), np.log(60)))), rng.random() < 0.4

    def spoil(pixels: Pixels, height: float) -> Pixels:
        angle = np.arange(len(pixels)) * 2 * np.pi / period + 0.1
        rows = np.sin(angle) if wave else np.sign(np.sin(angle))
        return cut(pixels + height * rows[:, None, None])

    return either_way(spoil, rng), (6, 12, 20, 32, 48)


def waves(rng: Generator) -> tuple[Spoil, Levels]:
    """A sine wave of any length and direction, in all channels or mainly in one."""
    frequency, angle = float(np.exp(rng.uniform(np.log(0.15), np.log(2.8)))), rng.uniform(0, np.pi)
    strength = np.ones(3) if rng.random() < 0.7 else rng.permutation([1.5, 0.2, 0.2])

    def spoil(pixels: Pixels, height: float) -> Pixels:
        y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
        wave = np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)))
        return cut(pixels + (height * wave)[..., None] * strength)

    return spoil, (6, 12, 20, 32, 48)


def spoiled_end(rng: Generator) -> tuple[Spoil, Levels]:
    """A part at one end is black, gray, magenta, green, noise, one line repeated, or shifted."""
    how = str(rng.choice(["color", "repeated", "noise", "moved"], p=[0.3, 0.3, 0.25, 0.15]))
    color = LOST_COLORS[int(rng.choice([0, 2, 3, 4]))]

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, first = gray_end(pixels, share), int(len(pixels) * (1 - share))
        if how == "color":
            spoiled[first:] = color
        elif how == "repeated":
            spoiled[first:] = pixels[first]
        elif how == "noise":
            drawn = np.random.default_rng(18)
            spoiled[first:] = drawn.integers(0, 256, spoiled[first:].shape, np.uint8)
        else:
            spoiled[first:] = np.roll(pixels[first:], pixels.shape[1] // 3, 1)
        return spoiled

    return at_an_end(spoil, rng), (0.06, 0.12, 0.2, 0.3, 0.4)


def spoiled_blocks(rng: Generator) -> tuple[Spoil, Levels]:
    """Squares of 8 to 48 pixels are black, of one color, or copied from another place."""
    size, how = (
        int(rng.choice([8, 16, 24, 32, 48])),
        str(rng.choice(["flat", "black", "any", "other"])),
    )

    def spoil(pixels: Pixels, share: float) -> Pixels:
        spoiled, drawn = pixels.copy(), np.random.default_rng(19)
        for y in range(0, pixels.shape[0] - size + 1, size):
            for x in range(0, pixels.shape[1] - size + 1, size):
                if drawn.random() >= share:
                    continue
                square = np.s_[y : y + size, x : x + size]
                if how == "flat":
                    spoiled[square] = pixels[square].mean(axis=(0, 1))
                elif how == "other":
                    top = int(drawn.integers(0, pixels.shape[0] - size + 1))
                    left = int(drawn.integers(0, pixels.shape[1] - size + 1))
                    spoiled[square] = pixels[top : top + size, left : left + size]
                else:
                    spoiled[square] = 0 if how == "black" else drawn.integers(0, 256, 3)
        return spoiled

    return spoil, (0.02, 0.06, 0.12, 0.25, 0.4)
