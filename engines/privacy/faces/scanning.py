"""How an image is shown to a face detector: at one size, and where asked turned or larger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.privacy.faces.boxes import clipped, merged, scaled, turned_back
from engines.privacy.model import Face, FaceDetector

if TYPE_CHECKING:
    from engines.privacy.config import FaceConfig
    from engines.types import Pixels


class ScanningDetector:
    """Shows the image to `inner` at a long side it is good at; boxes are in image pixels."""

    def __init__(self, inner: FaceDetector, config: FaceConfig) -> None:
        self._inner = inner
        self._config = config

    @property
    def name(self) -> str:
        return self._inner.name

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        longest = max(pixels.shape[:2])
        side = max(min(longest, self._config.long_side_px), self._config.min_long_side_px)
        found = self._look(pixels, side / longest)
        if not found and self._config.rotations:
            found = self._turned(pixels, side / longest)
        crowd = min(longest, self._config.crowd_long_side_px)
        if crowd > side:
            found = (*found, *self._look(pixels, crowd / longest))
        return merged(found)

    def _look(self, pixels: Pixels, factor: float) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        faces = []
        for face in self._inner.detect(_resized(pixels, factor)):
            box = clipped(scaled(face.box, 1 / factor), width, height)
            if box[2] > 0 and box[3] > 0:
                faces.append(Face(box, face.confidence))
        return tuple(faces)

    def _turned(self, pixels: Pixels, factor: float) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        small = _resized(pixels, factor)
        found: list[Face] = []
        for turns in (1, 2, 3):
            for face in self._look(np.ascontiguousarray(np.rot90(small, turns)), 1.0):
                box = turned_back(face.box, turns, small.shape[1], small.shape[0])
                found.append(Face(clipped(scaled(box, 1 / factor), width, height), face.confidence))
        return tuple(found)


def _resized(pixels: Pixels, factor: float) -> Pixels:
    if factor == 1.0:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), dtype=np.uint8)
