"""Validators with fake detectors, whose results depend on a picture's corner pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.config import PiiConfig
from engines.privacy.model import Face, TextRegion
from engines.privacy.pii import PatternPii

if TYPE_CHECKING:
    from engines.types import Pixels

RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 160, 0), (255, 255, 255)
MAIL = "jane.doe@example.com"


@dataclass
class SeesRed:
    """Finds a face in red pictures. Keeps the shapes of all pictures."""

    name: str = "sees_red"
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        self.shapes.append(pixels.shape)
        return (Face((4, 4, 8, 8), 0.95),) if _is(pixels, RED) else ()


@dataclass
class ReadsBlue:
    """Reads an e-mail address on blue pictures."""

    name: str = "reads_blue"

    def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
        return (TextRegion((2, 2, 20, 10), MAIL, 0.95, 10.0),) if _is(pixels, BLUE) else ()


def _is(pixels: Pixels, color: tuple[int, int, int]) -> bool:
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].astype(int)
    return all(abs(a - b) < 40 for a, b in zip(middle, color, strict=True))


@dataclass(frozen=True)
class Judge:
    """`validator(...)` returns a validator with these fakes and a configuration."""

    def validator(self, faces: SeesRed | None = None, **config: Any) -> PrivacyValidator:
        return PrivacyValidator(
            PrivacyConfig.model_validate(config),
            ImageLimits(),
            faces or SeesRed(),
            ReadsBlue(),
            PatternPii(PiiConfig().phone_regions),
        )
