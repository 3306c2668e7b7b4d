"""Face detection with dlib's HOG detector, the same as `face_recognition.face_locations`.

Dalal, Triggs, "Histograms of Oriented Gradients for Human Detection", 2005; King, dlib.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.privacy.model import DetectorUnavailable, Face

if TYPE_CHECKING:
    from engines.types import Pixels


def load_dlib() -> Any:
    """The module `dlib`. Raises `DetectorUnavailable` if the extra `faces` is not installed."""
    try:
        import dlib
    except ImportError as error:
        raise DetectorUnavailable("dlib is not installed (extra: faces)") from error
    return dlib


class HogDetector:
    """Finds upright, frontal faces of at least 80 px (40 px with one upsampling). Calls wait for
    each other, because dlib's detector is not thread-safe."""

    name = "face_recognition"

    def __init__(self, threshold: float, upsampling: int) -> None:
        self._detector = load_dlib().get_frontal_face_detector()
        self._threshold = threshold
        self._upsampling = upsampling
        self._lock = threading.Lock()

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        with self._lock:
            boxes, margins, _ = self._detector.run(
                np.ascontiguousarray(pixels), self._upsampling, self._threshold
            )
        faces = [
            Face((box.left(), box.top(), box.width(), box.height()), _confidence(margin))
            for box, margin in zip(boxes, margins, strict=True)
        ]
        return tuple(sorted(faces, key=lambda face: -face.confidence))


def _confidence(margin: float) -> float:
    """Map dlib's score (around 0 for a doubtful face, 2 to 3 for a clear one) to 0..1."""
    return float(1.0 / (1.0 + np.exp(-2.0 * margin)))
