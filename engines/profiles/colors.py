"""Color transfer: an image takes on a profile's color statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from engines.profiles.measures import lab_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.errors import JsonValue
    from engines.types import Pixels

_LEAST_SPREAD = 1.0
_MOST_GAIN = 3.0


def match_colors(
    pixels: Pixels, statistics: Mapping[str, JsonValue], strength: float = 1.0
) -> Pixels:
    """`pixels` with the mean and spread of each CIELAB axis moved to the profile's.

    Reinhard et al., "Color transfer between images", 2001, in CIELAB. RGB uint8 (height, width,
    3) in and out; `strength` 0 returns the image as it is, 1 goes all the way. The gain of an
    axis is at most 3, so that a nearly flat image does not turn into amplified grain.
    """
    if strength == 0:
        return pixels.copy()
    means = cast("Mapping[str, float]", statistics["means"])
    lab = lab_of(pixels)
    target = np.array([means[f"lab_{axis}"] for axis in "lab"], np.float32)
    spread = np.array([means[f"lab_{axis}_spread"] for axis in "lab"], np.float32)
    flat = lab.reshape(-1, 3)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)
    gain = np.minimum(spread / np.maximum(deviation, _LEAST_SPREAD), _MOST_GAIN)
    matched = (lab - mean) * gain + target
    mixed = lab + np.float32(strength) * (matched - lab)
    rgb = np.clip(cv2.cvtColor(mixed.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)
    return np.asarray(np.rint(rgb * 255), np.uint8)
