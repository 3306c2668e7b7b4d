"""Face detection with CenterFace, which ONNX Runtime runs.

Xu, Yan, Sun, Yang, Luo, "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019
(arXiv:1911.03599). Slower than YuNet and better at faces from the side, below caps and masks, and
in colored light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.privacy.faces.boxes import merged
from engines.privacy.faces.weights import FOLDER, checked
from engines.privacy.model import DetectorUnavailable, Face

if TYPE_CHECKING:
    from pathlib import Path

    from engines.types import Pixels

CENTERFACE_SHA256 = "cd8b84a582c8c53d8ef38a70627e98cfa59a22293544b3f8f9c6adf696fbb999"
CENTERFACE_PATH = FOLDER / "face_detection_centerface_half.onnx"
_STEP_PX = 4
"""The network has one value for each square of this side."""
_MULTIPLE_PX = 32
"""Sides of its images are multiples of this."""
_MOST_CANDIDATES = 200

Map = np.ndarray[Any, np.dtype[np.float32]]


class CenterFaceDetector:
    """Finds faces with a confidence of at least `threshold`, 0..1. `weights`: the ONNX file (None:
    the one in this package).

    It may be called from several threads. The constructor raises `DetectorUnavailable`.
    """

    name = "centerface"

    def __init__(self, threshold: float, weights: bytes | None = None) -> None:
        self._threshold = threshold
        self._network = _loaded(weights or centerface_weights())

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        height, width = pixels.shape[:2]
        below, beside = -height % _MULTIPLE_PX, -width % _MULTIPLE_PX
        whole = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        image = whole.astype(np.float32).transpose(2, 0, 1)[None]
        try:
            heat, sizes, offsets = self._network.run(None, {"input.1": image})
        except Exception as error:
            raise DetectorUnavailable("CenterFace failed on this image") from error
        return merged(self._faces(heat[0, 0], sizes[0], offsets[0]))

    def _faces(self, heat: Map, sizes: Map, offsets: Map) -> list[Face]:
        """`heat`: confidence, 0..1, (rows, columns); `sizes`: logarithms of height and width in
        steps, (2, rows, columns); `offsets`: of the center from the middle of its square, down and
        right, in steps, (2, rows, columns)."""
        rows, columns = np.nonzero(heat >= self._threshold)
        best = np.argsort(-heat[rows, columns])[:_MOST_CANDIDATES]
        rows, columns = rows[best], columns[best]
        high, wide = np.exp(sizes[:, rows, columns]) * _STEP_PX
        middle_y = (rows + offsets[0, rows, columns] + 0.5) * _STEP_PX
        middle_x = (columns + offsets[1, rows, columns] + 0.5) * _STEP_PX
        boxes = np.stack((middle_x - wide / 2, middle_y - high / 2, wide, high), axis=1)
        return [
            Face((round(x), round(y), max(1, round(width)), max(1, round(height))), confidence)
            for (x, y, width, height), confidence in zip(
                boxes.tolist(), heat[rows, columns].tolist(), strict=True
            )
        ]


def _loaded(weights: bytes) -> Any:
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DetectorUnavailable("ONNX Runtime cannot run CenterFace") from error


def centerface_weights(path: Path = CENTERFACE_PATH) -> bytes:
    """Content of the ONNX file. Raises `DetectorUnavailable` if it is missing or has another
    SHA-256."""
    return checked(path, CENTERFACE_SHA256, "CenterFace")
