"""Face detection with YuNet, which OpenCV runs (`FaceDetectorYN`).

Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.faces.weights import FOLDER, checked
from engines.privacy.model import DetectorUnavailable, Face

if TYPE_CHECKING:
    from pathlib import Path

    from engines.types import Pixels

YUNET_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"
YUNET_PATH = FOLDER / "face_detection_yunet_2023mar_int8bq.onnx"
_NMS_IOU = 0.3
_MOST_CANDIDATES = 2000


class YuNetDetector:
    """Finds faces with a confidence of at least `threshold`, 0..1. `weights`: the ONNX file (None:
    the one in this package).

    Each thread has its own OpenCV network, because `FaceDetectorYN` stores the size of its last
    image. The constructor raises `DetectorUnavailable`.
    """

    name = "yunet"

    def __init__(self, threshold: float, weights: bytes | None = None) -> None:
        self._threshold = threshold
        self._weights = np.frombuffer(weights or yunet_weights(), dtype=np.uint8)
        self._own = threading.local()
        self._network()

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        try:
            network = self._network()
            network.setInputSize((width, height))
            _, rows = network.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise DetectorUnavailable("YuNet failed on this image") from error
        if rows is None:
            return ()
        faces = [_face(row) for row in rows if np.isfinite(row).all()]
        return tuple(sorted(faces, key=lambda face: -face.confidence))

    def _network(self) -> Any:
        network = getattr(self._own, "network", None)
        if network is None:
            try:
                network = cv2.FaceDetectorYN.create(
                    "onnx",
                    self._weights,
                    np.empty(0, dtype=np.uint8),
                    (320, 320),
                    self._threshold,
                    _NMS_IOU,
                    _MOST_CANDIDATES,
                )
            except (cv2.error, AttributeError) as error:
                raise DetectorUnavailable("this OpenCV cannot run YuNet") from error
            self._own.network = network
        return network


def _face(row: np.ndarray[Any, np.dtype[np.float32]]) -> Face:
    x, y, width, height = (round(float(value)) for value in row[:4])
    return Face((x, y, width, height), min(1.0, float(row[14])))


def yunet_weights(path: Path = YUNET_PATH) -> bytes:
    """Content of the ONNX file. Raises `DetectorUnavailable` if it is missing or has another
    SHA-256."""
    return checked(path, YUNET_SHA256, "YuNet")
