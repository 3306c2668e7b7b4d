"""YuNet's weights: carried in the repository, checked before use."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engines.privacy.model import DetectorUnavailable

YUNET_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"
YUNET_PATH = (
    Path(__file__).resolve().parent.parent / "data" / "face_detection_yunet_2023mar_int8bq.onnx"
)


def yunet_weights(path: Path = YUNET_PATH) -> bytes:
    """Content of the ONNX file. Raises `DetectorUnavailable` if absent or not the file we know."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorUnavailable("the weights of YuNet are not there") from error
    if hashlib.sha256(content).hexdigest() != YUNET_SHA256:
        raise DetectorUnavailable("the weights of YuNet are not the file that was checked in")
    return content
