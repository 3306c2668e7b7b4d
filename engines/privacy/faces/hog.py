"""dlib's HOG detector: what `face_recognition.face_locations` runs, without that package.

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
    """The `dlib` module. Raises `DetectorUnavailable` where the `faces` extra is not installed."""
    try:
        import dlib
    except ImportError as error:
        raise DetectorUnavailable("dlib is not installed (extra: faces)") from error
    return dlib


class HogDetector:
    """Upright, near-frontal faces of 80 px and more (40 px with one upsampling)."""

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
    """dlib gives a margin (0 at the threshold, 2 to 3 for a clear face); squeezed into 0..1."""
    return float(1.0 / (1.0 + np.exp(-2.0 * margin)))
