"""What turns pictures into vectors that lie near to each other where the pictures are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from engines.errors import InferloopError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels


class EncoderUnavailable(InferloopError):
    """The encoder cannot be used: its package or file is missing or damaged, or it fails on
    pictures."""


@dataclass(frozen=True, slots=True)
class Distances:
    """What is near for an encoder: see `EncoderConfig`."""

    near: float
    alike: float


class ImageEncoder(Protocol):
    """Safe to share between threads once made."""

    @property
    def name(self) -> str:
        """Name and digest: two encoders of one name give the same vectors."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    @property
    def distances(self) -> Distances:
        """Which distances between its vectors mean near, and which mean alike."""

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Vectors of length 1, float32 (n, dimensions), of RGB uint8 (height, width, 3) pictures
        of any sizes. Blocks: tens of milliseconds of CPU each."""


def planes(
    pixels: Pixels,
    side_px: int,
    mean: tuple[float, float, float],
    deviation: tuple[float, float, float],
) -> NDArray[np.float32]:
    """Float32 (3, side, side): the whole picture, squeezed into a square, (x / 255 - mean) /
    deviation. Nothing is cut off: what lies at the edge counts as well."""
    small = cv2.resize(pixels, (side_px, side_px), interpolation=cv2.INTER_AREA)
    scaled = small.astype(np.float32) / 255
    normal = (scaled - np.array(mean, np.float32)) / np.array(deviation, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


def to_unit_length(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Float32 rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found
