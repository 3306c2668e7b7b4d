"""Reads the ONNX files of the detectors in this package, and checks that they are the documented
ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engines.privacy.model import DetectorUnavailable

FOLDER = Path(__file__).resolve().parent.parent / "data"


def checked(path: Path, sha256: str, name: str) -> bytes:
    """Content of `path`, the weights of `name`. Raises `DetectorUnavailable` if it is missing or
    has another SHA-256."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorUnavailable(f"the weights of {name} are missing") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DetectorUnavailable(f"the weights of {name} have a wrong SHA-256")
    return content
