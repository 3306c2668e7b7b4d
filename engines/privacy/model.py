"""Results of the detectors, and the protocols that detectors implement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engines.privacy.text.allowance import ReadingAllowance
    from engines.types import Pixels

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright image."""


class DetectorUnavailable(Exception):
    """A detector cannot run: it is not installed, or its weights are missing or changed. The
    validator catches it and reports an issue."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that a detector found."""

    box: Box
    confidence: float
    """0..1. Values of different detectors cannot be compared."""


@dataclass(frozen=True, slots=True)
class TextRegion:
    """One line of text in an image. Its `repr` does not show the text, so that logs do not contain
    it."""

    box: Box
    text: str = field(repr=False)
    """Empty if the line was found but could not be read."""
    confidence: float
    """0..1."""
    height_px: float = 0.0
    """Height of the line across its reading direction, px."""
    length_px: float = 0.0
    """Length along its reading direction, px."""
    is_left_out: bool = False
    """Whether the reader did not try to read it, because its limit of work was reached. The region
    may contain many lines, or be a part of the image in which no lines were searched for."""
    likeness: float = 1.0
    """How much a region that was not read reliably looks like letters of any script, 0..1. 1 for a
    region that was not judged."""
    is_code: bool = False
    """Whether it is a machine-readable code, such as a QR code; `text` is its content."""


@dataclass(frozen=True, slots=True)
class PiiMatch:
    """Personal data that were found in a text. Its `repr` does not show them."""

    type: str
    """Type of the issue, such as "email" (`severity.PII_SEVERITY`)."""
    start: int
    """Position of the first character in the text that was searched, from 0."""
    end: int
    """Position after the last character."""
    text: str = field(repr=False)
    """The characters from `start` to `end`."""
    detector: str = "patterns"
    confidence: float = 1.0
    """0..1."""


class FaceDetector(Protocol):
    """Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Name of the detector in issues and in the validator's version."""

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        """Faces in RGB `pixels`, uint8 (height, width, 3), by falling confidence. Drawn faces count
        too. Raises `DetectorUnavailable` if it cannot check the image."""


class TextReader(Protocol):
    """Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Name of the reader in issues and in the validator's version."""

    def read(
        self, pixels: Pixels, allowance: ReadingAllowance | None = None
    ) -> tuple[TextRegion, ...]:
        """Lines of text in RGB `pixels`, uint8 (height, width, 3), in reading order.

        `allowance`: the work that is left for the pictures of this file; what exceeds it is
        returned as left out. None: a new one. Raises `DetectorUnavailable` if the image cannot be
        checked."""


class PiiDetector(Protocol):
    """Finds personal data in text."""

    @property
    def knows_names(self) -> bool:
        """Whether names and addresses are found anywhere in a text. If not, they are found only
        where a title or the field of a form says what they are."""

    def find(self, text: str) -> Sequence[PiiMatch]:
        """Personal data in `text`, ordered by position, without overlaps."""


class FaceEmbedder(Protocol):
    """Computes an embedding of a face: a vector that is close to others of the same person."""

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> tuple[tuple[float, ...], ...]:
        """The embedding of each of `faces` in RGB `pixels`, uint8 (height, width, 3), in the same
        order; numbers without a unit. Raises `DetectorUnavailable`."""
