"""Runs a face detector on an image several times: at one size, then enlarged at each doubtful face,
rotated if no face is certain, and with its tones spread if it is dark or faded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.privacy.faces.boxes import clipped, merged, scaled, turned_back
from engines.privacy.faces.second_look import second_opinion
from engines.privacy.faces.tones import spread_tones
from engines.privacy.model import Face, FaceDetector

if TYPE_CHECKING:
    from engines.privacy.config import FaceConfig
    from engines.types import Pixels

_MOST_DOUBTFUL = 8
"""Number of doubtful faces that are checked again one by one. Of the others, a sample of at most
this size is checked."""

_MOST_JUDGED = 3
"""Number of faces that a judge looks at."""


class _Least(NamedTuple):
    """What a doubtful face needs to count."""

    closer: float
    """Confidence of the second check, 0..1."""
    mean: float
    """Mean confidence of both checks, 0..1."""


class ScanningDetector:
    """A face detector that runs `inner` at the image sizes of `config`. Boxes are in pixels of the
    original image.

    With `thresholds`, `inner` also returns doubtful faces (from `config.doubtful` on). A face below
    `config.threshold` counts only if a second check of it, enlarged, confirms it; in a rotated
    image, where patterns resemble a face more often, that check is stricter. Without `thresholds`,
    every face that `inner` returns counts.

    With a `judge`, faces that are all below `config.sure` count only if the judge sees one of the
    most certain of them too.
    """

    def __init__(
        self,
        inner: FaceDetector,
        config: FaceConfig,
        thresholds: bool,
        judge: FaceDetector | None = None,
    ) -> None:
        self._inner = inner
        self._judge = judge
        self._config = config
        self._thresholds = thresholds
        self._upright = _Least(config.closer_threshold, config.second_threshold)
        self._rotated = _Least(config.turned_closer_threshold, config.turned_threshold)

    @property
    def name(self) -> str:
        return self._inner.name

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        faces = self._search(pixels)
        if not faces and (clear := spread_tones(pixels)) is not None:
            faces = self._search(clear)
        return faces

    def _search(self, pixels: Pixels) -> tuple[Face, ...]:
        longest = max(pixels.shape[:2])
        side = self._side(longest, self._config.long_side_px)
        seen = self._look(pixels, side / longest)
        crowd = min(longest, self._config.crowd_long_side_px)
        if crowd > side:
            seen = merged((*seen, *self._look(pixels, crowd / longest)))
        faces = self._agreed(pixels, self._certain(pixels, seen, self._upright))
        if not faces and self._worth_turning(seen):
            faces = self._turned(pixels)
        return merged(faces)

    def _side(self, longest: int, most: int) -> int:
        """The long side, px, at which an image with the long side `longest` is searched."""
        return max(min(longest, most), self._config.min_long_side_px)

    def _worth_turning(self, seen: tuple[Face, ...]) -> bool:
        rotations = self._config.rotations
        return rotations == "always" or (rotations == "doubtful" and bool(seen))

    def _certain(self, pixels: Pixels, seen: Iterable[Face], least: _Least) -> list[Face]:
        """The faces above the threshold, and the doubtful ones that a second check confirms."""
        certain: list[Face] = []
        doubtful: list[Face] = []
        for face in seen:
            at_once = not self._thresholds or face.confidence >= self._config.threshold
            (certain if at_once else doubtful).append(face)
        seen_again = [self._seen_again(pixels, face, least) for face in doubtful[:_MOST_DOUBTFUL]]
        certain.extend(face for face in seen_again if face is not None)
        return certain + self._crowd(pixels, doubtful[_MOST_DOUBTFUL:], least)

    def _seen_again(self, pixels: Pixels, face: Face, least: _Least) -> Face | None:
        closer = second_opinion(self._inner, pixels, face)
        both = (face.confidence + closer) / 2
        return Face(face.box, both) if closer >= least.closer and both >= least.mean else None

    def _crowd(self, pixels: Pixels, faces: Sequence[Face], least: _Least) -> list[Face]:
        """Decide on many doubtful faces by a sample, because a second check of each one would take
        too long. If at least half of the sample are faces, so is every face with at least the
        lowest confidence of those; otherwise only the confirmed ones are."""
        spread = np.linspace(0, len(faces) - 1, min(_MOST_DOUBTFUL, len(faces))).round()
        sample = [faces[int(index)] for index in spread]
        confirmed = [face for face in sample if self._seen_again(pixels, face, least) is not None]
        if not confirmed or 2 * len(confirmed) < len(sample):
            return confirmed
        lowest = min(face.confidence for face in confirmed)
        return [face for face in faces if face.confidence >= lowest]

    def _agreed(self, pixels: Pixels, faces: list[Face]) -> list[Face]:
        best = sorted(faces, key=lambda face: -face.confidence)[:_MOST_JUDGED]
        if self._judge is None or not best or best[0].confidence >= self._config.sure:
            return faces
        least = self._config.judge_threshold
        seen = any(second_opinion(self._judge, pixels, face) >= least for face in best)
        return faces if seen else []

    def _look(self, pixels: Pixels, factor: float) -> tuple[Face, ...]:
        return self._found_in(_resized(pixels, factor), factor, pixels)

    def _found_in(self, view: Pixels, factor: float, pixels: Pixels) -> tuple[Face, ...]:
        """The faces in `view`, which is `pixels` scaled by `factor`, with boxes in `pixels`."""
        height, width = pixels.shape[:2]
        faces = []
        for face in self._inner.detect(view):
            box = clipped(scaled(face.box, 1 / factor), width, height)
            if box[2] > 0 and box[3] > 0:
                faces.append(Face(box, face.confidence))
        return tuple(faces)

    def _turned(self, pixels: Pixels) -> list[Face]:
        """The faces in the image rotated by 90, 180 and 270 degrees, with boxes in `pixels`."""
        height, width = pixels.shape[:2]
        longest = max(height, width)
        factor = self._side(longest, self._config.turned_long_side_px) / longest
        small = _resized(pixels, factor)
        found: list[Face] = []
        for turns in (1, 2, 3):
            rotated = np.rot90(pixels, turns)
            view = np.ascontiguousarray(np.rot90(small, turns))
            seen = self._found_in(view, factor, rotated)
            found.extend(
                Face(turned_back(face.box, turns, width, height), face.confidence)
                for face in self._agreed(rotated, self._certain(rotated, seen, self._rotated))
            )
        return found


def _resized(pixels: Pixels, factor: float) -> Pixels:
    if factor == 1.0:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), dtype=np.uint8)
