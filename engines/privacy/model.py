"""What the detectors hand to the validator, and the seams between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engines.types import Pixels

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright image."""


class DetectorUnavailable(Exception):
    """A detector cannot run here: not installed, weights absent or changed. Stays in the package:
    the validator answers with an issue."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that a detector found."""

    box: Box
    confidence: float
    """0..1, as the detector says; comparable within one detector only."""


@dataclass(frozen=True, slots=True)
class TextRegion:
    """One line of text. Its `repr` does not show the text, so no log can leak it."""

    box: Box
    text: str = field(repr=False)
    """Empty where a line was seen that could not be read."""
    confidence: float
    """0..1."""
    height_px: float = 0.0
    """Height of the line across its reading direction, px."""
    length_px: float = 0.0
    """Length along its reading direction, px."""


@dataclass(frozen=True, slots=True)
class PiiMatch:
    """`start` and `end` count characters of the text that was searched."""

    type: str
    start: int
    end: int
    text: str = field(repr=False)
    detector: str = "patterns"
    confidence: float = 1.0


class FaceDetector(Protocol):
    """Safe to call from several threads."""

    @property
    def name(self) -> str:
        """What issues and the validator's version call it."""

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        """Faces in RGB `pixels`, uint8 (height, width, 3), best first, drawn faces too.
        Raises `DetectorUnavailable`; an empty answer means that it looked and found none."""


class TextReader(Protocol):
    """Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    def read(self, pixels: Pixels) -> tuple[TextRegion, ...]:
        """Lines of text in RGB `pixels`, in reading order. Raises `DetectorUnavailable`."""


class PiiDetector(Protocol):
    """Finds personal data in text."""

    @property
    def knows_names(self) -> bool:
        """Whether names and addresses are looked for that no word and no form calls so."""

    def find(self, text: str) -> Sequence[PiiMatch]:
        """Personal data in `text`, ordered, not overlapping."""


class FaceEmbedder(Protocol):
    """Turns faces into vectors, so that the same person's are near each other."""

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> tuple[tuple[float, ...], ...]:
        """One vector of unit-free numbers for each face, in order. Raises `DetectorUnavailable`."""
