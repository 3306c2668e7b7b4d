"""The inputs of the learned head: a fixed list of named numbers that describe a picture."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.defects.bands import (
    band_levels,
    standing_out,
    steps_on_grids,
    turned_levels,
)
from engines.metrics.defects.lines import NUMBERS as OF_LINES
from engines.metrics.defects.lines import line_numbers
from engines.metrics.defects.palette import combed
from engines.metrics.defects.regions import blotch_numbers, region_numbers, wave_numbers
from engines.metrics.defects.register import register_numbers
from engines.metrics.gray import WORKING_SIDE_PX
from engines.metrics.tiles import middle
from engines.quality.config import PROFILES
from engines.quality.look import Look, look
from engines.quality.score import Factors, quality_score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from engines.metrics.content import Content
    from engines.metrics.defects.cast import Cast
    from engines.metrics.defects.defects import Defects
    from engines.metrics.measurement import Measurement
    from engines.types import Pixels

CHOSEN = "auto:"
"""Prefix of the name of thresholds that were chosen by the picture's content."""
_SMALLEST_PX = 64
_MIDDLE_PX = 320
_LEAST_FACTOR, _LEAST_SCORE, _LEAST_SHARE = 1e-3, 1e-4, 3e-3  # before a logarithm
_NOT_TOLD = ("channels", "size")
"""Factors that are not inputs, because they are 1 for every picture that is described."""
_CHROMA = 40.0
_OF_ROWS, _OF_GRIDS = 5, 5  # numbers of rows, and as many of columns
_STEPS_OF_REGIONS = ((3, 4), (8, 9), (13, 14))  # from row to row, from column to column
_WHOLE_PX = 1024
_TONE = ("p1", "p5", "p95", "p99", "top", "lights", "brightness", "contrast", "entropy_bits")
_ROOTS = ("grain", "grain_of_all", "specks", "lonely_specks", "plateau")
_ENERGIES = ("laplacian_variance", "coarse_variance", "structure")
_LEVELS = ("content_brightness", "content_light", "content_dark", "blockiness")
_COUNTS = frozenset(["color_noise", "grain", "step", "palette", "grid_px"])
_SHARES = frozenset(
    ["levels", "transitions", "clipped_ends", "clipped", "kept", "mixed", "missing"]
)


class Measured(NamedTuple):
    """Everything that was measured of a picture."""

    shown: Content
    seen: Measurement
    found: Defects
    factors: Factors
    thresholds: str
    """Name of the profile; `auto:` and its name if the content chose it; "custom" for configured
    thresholds."""

    @property
    def large_enough(self) -> bool:
        """Whether the picture is large enough to be described."""
        return min(self.shown.pixels.shape[:2]) >= _SMALLEST_PX


def describe(measured: Measured) -> Mapping[str, float]:
    """Name to number, always with the same names in the same order; all are finite. Values that
    span decades are given as logarithms. The picture must be large enough, and judged by a
    profile."""
    profile = measured.thresholds.removeprefix(CHOSEN)
    limits = PROFILES[profile]
    kind = look(measured.seen, limits, measured.found)
    score = quality_score(measured.factors, limits)
    return {
        **_of_factors(measured.factors, limits.ignored),
        "score": math.log(max(score, _LEAST_SCORE)),
        **{f"profile_{name}": float(name == profile) for name in PROFILES},
        **_of_measurement(measured.seen, kind),
        **_of_defects(measured.found),
        **_of_content(measured.shown, kind),
        **_of_texture(measured.shown.pixels),
        **_of_whole(measured.shown.pixels),
    }


def turned(names: Sequence[str]) -> list[int]:
    """For each name of a description, the position of the number that takes its place if the
    picture is transposed: numbers of fine structure along rows and along columns are swapped."""
    places = {name: place for place, name in enumerate(names)}
    named = {f"band_{new}": f"band_{old}" for new, old in enumerate(turned_levels())}
    for kind, half in (("rows", _OF_ROWS), ("grids", _OF_GRIDS), ("lines", OF_LINES)):
        for number in range(2 * half):
            named[f"{kind}_{number}"] = f"{kind}_{(number + half) % (2 * half)}"
    for down, across in _STEPS_OF_REGIONS:
        named[f"regions_{down}"], named[f"regions_{across}"] = (
            f"regions_{across}",
            f"regions_{down}",
        )
    return [places[named.get(name, name)] for name in names]


def _of_factors(factors: Factors, ignored: tuple[str, ...]) -> dict[str, float]:
    seen = factors.counted(_NOT_TOLD)
    logs = {name: math.log(max(value, _LEAST_FACTOR)) for name, value in seen}
    counted = {name: 0.0 if name in ignored else value for name, value in logs.items()}
    return {f"{kind}_{name}": of[name] for name in logs for kind, of in _both(logs, counted)}


def _both(
    logs: Mapping[str, float], counted: Mapping[str, float]
) -> tuple[tuple[str, Mapping[str, float]], ...]:
    return ("factor", logs), ("counted", counted)


def _of_measurement(seen: Measurement, kind: Look) -> dict[str, float]:
    told = {f"tone_{name}": float(getattr(seen.tone, name)) for name in _TONE}
    told |= {"tone_blown": seen.tone.blown, "tone_crushed": seen.tone.crushed}
    told |= {name: math.sqrt(max(getattr(seen, name), 0.0)) for name in _ROOTS}
    for name in _ENERGIES:
        energy = max(0.0, getattr(seen, name))
        told[name] = math.log1p(energy)
        told[f"{name}_of_used"] = math.log1p(energy / kind.used**2)
    return told | {name: float(getattr(seen, name)) for name in _LEVELS}


def _of_defects(found: Defects) -> dict[str, float]:
    told: dict[str, float] = {}
    for each in fields(found):
        value = getattr(found, each.name)
        if each.name == "cast":
            told |= _of_cast(value)
        elif each.name in _COUNTS:
            told[f"defect_{each.name}"] = math.log1p(max(0.0, float(value)))
        elif each.name in _SHARES:
            told[f"defect_{each.name}"] = math.log(max(0.0, float(value)) + _LEAST_SHARE)
        else:
            told[f"defect_{each.name}"] = float(value)
    return told


def _of_cast(found: Cast) -> dict[str, float]:
    return {
        "cast_channels": found.channels,
        "cast_neutral": found.neutral / _CHROMA,
        "cast_span": found.span,
    }


def _of_content(shown: Content, kind: Look) -> dict[str, float]:
    told = {
        "on_plain": float(shown.on_plain),
        "on_neutral": float(shown.on_neutral),
        "on_paper": float(shown.on_paper),
        "in_areas": float(shown.in_areas),
        "in_part": float(shown.shown is not None),
    }
    names = ("light", "span", "colored", "ramp", "gradient", "night", "ink", "vector")
    told |= {f"look_{name}": float(getattr(kind, name)) for name in names}
    return told | {"side": math.log2(max(shown.pixels.shape[:2]) / WORKING_SIDE_PX)}


def _of_texture(pixels: Pixels) -> dict[str, float]:
    planes = _planes(middle(pixels, _MIDDLE_PX))
    told = {f"band_{number}": value for number, value in enumerate(band_levels(planes))}
    rows, grids = standing_out(planes[0]), steps_on_grids(planes[0])
    told |= {f"rows_{number}": value for number, value in enumerate(rows)}
    return told | {f"grids_{number}": value for number, value in enumerate(grids)}


def _of_whole(pixels: Pixels) -> dict[str, float]:
    """Numbers that are measured on the whole picture. Large pictures are first reduced to a long
    side of 1024 pixels, or more if the short side would otherwise be below 64."""
    height, width = pixels.shape[:2]
    scale = max(_WHOLE_PX / max(height, width), _SMALLEST_PX / min(height, width))
    if scale < 1:
        size = round(width * scale), round(height * scale)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    luma = gray.astype(np.float32)
    told = {
        "lines": line_numbers(luma),
        "regions": region_numbers(pixels),
        "blotches": blotch_numbers(pixels),
        "waves": wave_numbers(luma),
        "comb": [combed(gray)],
        "register": register_numbers(pixels),
    }
    return {f"{kind}_{n}": value for kind, values in told.items() for n, value in enumerate(values)}


def _planes(pixels: Pixels) -> list[NDArray[np.float32]]:
    """Luma and two chroma planes, float32 (height, width)."""
    split = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    return [np.asarray(plane, np.float32) for plane in split]
