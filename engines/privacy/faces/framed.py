"""Finds faces that fill the picture: shown small, with a gray frame around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.privacy.faces.boxes import clipped, merged, scaled
from engines.privacy.faces.second_look import second_opinion
from engines.privacy.model import Face, FaceDetector

if TYPE_CHECKING:
    from engines.types import Pixels

_SIDE_PX = 192
"""Long side of the picture; the frame is as wide as half of it."""
_GRAY = (128, 128, 128)


class FramedDetector:
    """Detectors expect a part of a head, of hair and of shoulders around a face. Without them they
    miss close-ups, above all of faces with masks. `inner` gets the picture in the middle half of
    a gray square of 192 px. A face counts from a mean confidence of `threshold`, 0..1, of this and
    of a second check, in which it is enlarged and mirrored."""

    def __init__(self, inner: FaceDetector, threshold: float) -> None:
        self._inner = inner
        self._threshold = threshold

    @property
    def name(self) -> str:
        return self._inner.name

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        factor = _SIDE_PX / max(height, width)
        framed, left, top = _framed(pixels, factor)
        half = cv2.resize(framed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        faces = []
        for seen in self._inner.detect(np.asarray(half, np.uint8)):
            face = Face(scaled(seen.box, 2.0), seen.confidence)
            mean = (face.confidence + second_opinion(self._inner, framed, face)) / 2
            x, y, wide, high = face.box
            box = clipped(scaled((x - left, y - top, wide, high), 1 / factor), width, height)
            if mean >= self._threshold and box[2] > 0 and box[3] > 0:
                faces.append(Face(box, mean))
        return merged(faces)


def _framed(pixels: Pixels, factor: float) -> tuple[Pixels, int, int]:
    """`pixels`, scaled by `factor`, in the middle of a gray square twice as large, and where its
    left and upper edge are in it, px."""
    height, width = pixels.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, size, interpolation=method)
    left, top = (2 * _SIDE_PX - size[0]) // 2, (2 * _SIDE_PX - size[1]) // 2
    right, below = 2 * _SIDE_PX - size[0] - left, 2 * _SIDE_PX - size[1] - top
    framed = cv2.copyMakeBorder(small, top, below, left, right, cv2.BORDER_CONSTANT, value=_GRAY)
    return np.asarray(framed, np.uint8), left, top
