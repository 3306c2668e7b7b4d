"""Encoders turn pictures into vectors. The vectors of similar pictures have small distances."""

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
    """The encoder cannot be used: its package or file is missing or damaged, or it fails."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Two thresholds for distances between unit vectors, 0..2; they depend on the encoder.
    `near`: images with at most this distance are near-duplicates. `alike`: images with similar
    perceptual hashes are near-duplicates only if they have at most this distance.
    """

    near: float
    alike: float


class ImageEncoder(Protocol):
    """An image encoder. It can be shared between threads."""

    @property
    def name(self) -> str:
        """Name and digest. Encoders with the same name give the same vectors."""

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""

    @property
    def distances(self) -> Distances:
        """The distances between vectors that count as near and as alike."""

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimensions), of `n` RGB pictures, uint8 (height, width, 3), of
        any sizes.

        Blocks for tens of milliseconds of CPU per picture. Raises `EncoderUnavailable` if the
        encoder fails.
        """


def planes(
    pixels: Pixels,
    side_px: int,
    mean: tuple[float, float, float],
    deviation: tuple[float, float, float],
) -> NDArray[np.float32]:
    """The whole picture as float32 (3, side, side), scaled to a square: (x / 255 - mean) /
    deviation.

    Nothing is cropped, so that the edges count as well.
    """
    small = cv2.resize(pixels, (side_px, side_px), interpolation=cv2.INTER_AREA)
    scaled = small.astype(np.float32) / 255
    normal = (scaled - np.array(mean, np.float32)) / np.array(deviation, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


def to_unit_length(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """The rows of `vectors` (n, d), scaled to length 1, as float32. A row of zeros stays
    unchanged."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found
