"""Runs a face detector on an image several times: at one size, then enlarged at each doubtful face,
and rotated if no face is certain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.privacy.faces.boxes import clipped, merged, scaled, turned_back
from engines.privacy.faces.second_look import second_opinion
from engines.privacy.model import Face, FaceDetector

if TYPE_CHECKING:
    from engines.privacy.config import FaceConfig
    from engines.types import Pixels

_MOST_DOUBTFUL = 8
"""Number of doubtful faces that are checked again one by one. Of the others, a sample of at most
this size is checked."""


class ScanningDetector:
    """A face detector that runs `inner` at the image sizes of `config`. Boxes are in pixels of the
    original image.

    With `thresholds`, `inner` also returns doubtful faces (from `config.doubtful` on). A face below
    `config.threshold` counts only if a second check of it, enlarged, or of the rotated image
    confirms it. Without `thresholds`, every face that `inner` returns counts.
    """

    def __init__(self, inner: FaceDetector, config: FaceConfig, thresholds: bool) -> None:
        self._inner = inner
        self._config = config
        self._thresholds = thresholds

    @property
    def name(self) -> str:
        return self._inner.name

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        longest = max(pixels.shape[:2])
        side = max(min(longest, self._config.long_side_px), self._config.min_long_side_px)
        seen = self._look(pixels, side / longest)
        crowd = min(longest, self._config.crowd_long_side_px)
        if crowd > side:
            seen = merged((*seen, *self._look(pixels, crowd / longest)))
        faces = self._certain(pixels, seen)
        if not faces and self._worth_turning(seen):
            faces = self._turned(pixels, min(1.0, self._config.turned_long_side_px / longest))
        return merged(faces)

    def _worth_turning(self, seen: tuple[Face, ...]) -> bool:
        rotations = self._config.rotations
        return rotations == "always" or (rotations == "doubtful" and bool(seen))

    def _certain(self, pixels: Pixels, seen: Iterable[Face]) -> list[Face]:
        """The faces above the threshold, and the doubtful ones that a second check confirms."""
        certain: list[Face] = []
        doubtful: list[Face] = []
        for face in seen:
            at_once = not self._thresholds or face.confidence >= self._config.threshold
            (certain if at_once else doubtful).append(face)
        seen_again = [self._seen_again(pixels, face) for face in doubtful[:_MOST_DOUBTFUL]]
        certain.extend(face for face in seen_again if face is not None)
        return certain + self._crowd(pixels, doubtful[_MOST_DOUBTFUL:])

    def _seen_again(self, pixels: Pixels, face: Face) -> Face | None:
        closer = second_opinion(self._inner, pixels, face)
        both = (face.confidence + closer) / 2
        if closer < self._config.closer_threshold or both < self._config.second_threshold:
            return None
        return Face(face.box, both)

    def _crowd(self, pixels: Pixels, faces: Sequence[Face]) -> list[Face]:
        """Decide on many doubtful faces by a sample, because a second check of each one would take
        too long. If at least half of the sample are faces, so is every face with at least the
        lowest confidence of those; otherwise only the confirmed ones are."""
        spread = np.linspace(0, len(faces) - 1, min(_MOST_DOUBTFUL, len(faces))).round()
        sample = [faces[int(index)] for index in spread]
        confirmed = [face for face in sample if self._seen_again(pixels, face) is not None]
        if not confirmed or 2 * len(confirmed) < len(sample):
            return confirmed
        least = min(face.confidence for face in confirmed)
        return [face for face in faces if face.confidence >= least]

    def _look(self, pixels: Pixels, factor: float) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        faces = []
        for face in self._inner.detect(_resized(pixels, factor)):
            box = clipped(scaled(face.box, 1 / factor), width, height)
            if box[2] > 0 and box[3] > 0:
                faces.append(Face(box, face.confidence))
        return tuple(faces)

    def _turned(self, pixels: Pixels, factor: float) -> list[Face]:
        height, width = pixels.shape[:2]
        small = _resized(pixels, factor)
        least = self._config.turned_threshold if self._thresholds else 0.0
        found: list[Face] = []
        for turns in (1, 2, 3):
            for face in self._inner.detect(np.ascontiguousarray(np.rot90(small, turns))):
                box = turned_back(face.box, turns, small.shape[1], small.shape[0])
                box = clipped(scaled(box, 1 / factor), width, height)
                if face.confidence >= least and box[2] > 0 and box[3] > 0:
                    found.append(Face(box, face.confidence))
        return found


def _resized(pixels: Pixels, factor: float) -> Pixels:
    if factor == 1.0:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), dtype=np.uint8)
