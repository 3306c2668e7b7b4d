"""Checks a doubtful face again: cut out with its surroundings, enlarged, and mirrored.

At the size that suits the detector, its confidence rises for a real face, also in the mirror image.
For a pattern that only resembles a face it usually falls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.privacy.model import Face, FaceDetector
    from engines.types import Pixels

_SIDE_PX = 192
_CONTEXT = 3.0
_NEAR_CENTER = 1 / 6


def second_opinion(detector: FaceDetector, pixels: Pixels, face: Face) -> float:
    """The detector's confidence, 0..1, that `face` in RGB `pixels`, uint8 (height, width, 3), is a
    face: the mean over its enlarged surroundings and their mirror image. An image in which it is
    not found again counts as 0."""
    cut = _surroundings(pixels, face)
    mirrored = np.ascontiguousarray(cut[:, ::-1])
    return (_in_the_middle(detector, cut) + _in_the_middle(detector, mirrored)) / 2


def _surroundings(pixels: Pixels, face: Face) -> Pixels:
    """The square around the face with three times its size, scaled to 192 px. Beyond the image's
    edges, the edge pixels are repeated."""
    x, y, width, height = face.box
    side = round(max(width, height) * _CONTEXT)
    left, top = x + (width - side) // 2, y + (height - side) // 2
    rows, columns = pixels.shape[:2]
    part = pixels[max(0, top) : min(rows, top + side), max(0, left) : min(columns, left + side)]
    factor = _SIDE_PX / side
    size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(part, size, interpolation=method)
    before_x = min(round(max(0, -left) * factor), _SIDE_PX - size[0])
    before_y = min(round(max(0, -top) * factor), _SIDE_PX - size[1])
    return np.asarray(
        cv2.copyMakeBorder(
            small,
            max(0, before_y),
            max(0, _SIDE_PX - size[1] - before_y),
            max(0, before_x),
            max(0, _SIDE_PX - size[0] - before_x),
            cv2.BORDER_REPLICATE,
        )
    )


def _in_the_middle(detector: FaceDetector, square: Pixels) -> float:
    middle, most = square.shape[0] / 2, square.shape[0] * _NEAR_CENTER
    return max(
        (
            face.confidence
            for face in detector.detect(square)
            if abs(face.box[0] + face.box[2] / 2 - middle) < most
            and abs(face.box[1] + face.box[3] / 2 - middle) < most
        ),
        default=0.0,
    )
