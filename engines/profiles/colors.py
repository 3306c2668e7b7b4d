"""Color transfer: change an image's color statistics to those of a profile."""

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
    """The image with the mean and standard deviation of each CIELAB axis changed to the profile's.

    Reinhard et al., "Color transfer between images", 2001, in CIELAB. `pixels` and the result: RGB
    uint8 (height, width, 3). `strength`: 0 (no change) to 1 (full change). The standard deviation
    grows by a factor of at most 3, because more would amplify the noise of a nearly flat image.
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
