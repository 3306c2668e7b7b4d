"""Colorfulness and saturation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels


def colorfulness(pixels: Pixels) -> float:
    """Colorfulness of RGB `pixels`, uint8 (height, width, 3), after Hasler and Suesstrunk,
    "Measuring colourfulness in natural images", SPIE 5007, 2003.

    Their scale: 0 gray, 15 slightly, 33 moderately, 59 quite, 109 extremely colorful.
    """
    red, green, blue = (channel.astype(np.float32) for channel in cv2.split(pixels))
    red_green = red - green
    yellow_blue = 0.5 * (red + green) - blue
    deviation = np.hypot(red_green.std(), yellow_blue.std())
    mean = np.hypot(red_green.mean(), yellow_blue.mean())
    return float(deviation + 0.3 * mean)


def saturation(pixels: Pixels) -> float:
    """Mean HSV saturation of RGB `pixels`, uint8 (height, width, 3): 1 - min / max of the channels;
    0 to 1."""
    return float(cv2.mean(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV))[1]) / 255
