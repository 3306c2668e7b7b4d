"""Anonymizes an image: covers what was found and checks again, with a stronger cover in each round,
until nothing is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2

from engines.errors import Fault, InferloopError, InvalidImage, InvalidParameters
from engines.privacy.covering import COVER_METHODS, covered, widened
from engines.privacy.inspection import Inspector, Sightings

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.privacy.anonymize_config import AnonymizeConfig
    from engines.privacy.model import Box
    from engines.types import Pixels


@dataclass(frozen=True, slots=True)
class Anonymized:
    """An anonymized copy of an image."""

    png: bytes = field(repr=False)
    """The PNG file, without metadata."""
    lineage: dict[str, JsonValue]
    """How the copy was made, as JSON to store beside it. It does not contain what was found."""


class Anonymizer:
    """Covers faces and text. It keeps no state, so threads may share it if they may share the
    inspector."""

    def __init__(self, inspector: Inspector, config: AnonymizeConfig) -> None:
        self._inspector = inspector
        self._config = config

    def anonymize(self, pixels: Pixels, key: str, method: str) -> Anonymized:
        """Cover every face and text in RGB `pixels`, uint8 (height, width, 3). `key`: storage key
        of the image, for the lineage. The last round always uses "box", the strongest method.
        Methods and errors as in `PrivacyValidator.anonymize_with_lineage`."""
        if method not in COVER_METHODS:
            known = f"one of {', '.join(COVER_METHODS)}"
            raise InvalidParameters.of("method", method, known, f"must be {known}")
        found: list[Box] = []
        used = method
        for strength in range(1, self._config.max_rounds + 1):
            boxes = self._boxes(pixels)
            if not boxes:
                return Anonymized(_png(pixels), self._lineage(key, method, used, found))
            found.extend(boxes)
            used = "box" if strength == self._config.max_rounds else method
            pixels = covered(pixels, self._grown(boxes, pixels, strength), used, strength)
        if self._boxes(pixels):
            raise InvalidImage(
                Fault("image", None, "findings that can be covered", "still shows faces or text")
            )
        return Anonymized(_png(pixels), self._lineage(key, method, used, found))

    def _boxes(self, pixels: Pixels) -> list[Box]:
        sightings = self._inspector.inspect(pixels, check_faces=True, check_text=True)
        problem = sightings.face_problem or sightings.text_problem
        if problem is not None:
            raise InferloopError(f"The image cannot be anonymized: {problem}")
        return [face.box for face in sightings.faces or ()] + self._text_boxes(sightings)

    def _text_boxes(self, sightings: Sightings) -> list[Box]:
        if sightings.document is None:
            return []
        boxes = [sightings.document.box_of(match) for match in sightings.matches]
        boxes.extend(region.box for region in sightings.unread)
        if self._config.cover == "text":
            boxes.extend(line.box for line in sightings.plain_lines)
        return boxes

    def _grown(self, boxes: Sequence[Box], pixels: Pixels, strength: int) -> list[Box]:
        height, width = pixels.shape[:2]
        return [widened(box, self._config.margin * strength, width, height) for box in boxes]

    def _lineage(
        self, key: str, method: str, used: str, found: Sequence[Box]
    ) -> dict[str, JsonValue]:
        return {
            "source_key": key,
            "operation": "anonymize",
            "method": method,
            "last_method": used,
            "cover": self._config.cover,
            "regions": [list(box) for box in found],
            "metadata_removed": True,
        }


def _png(pixels: Pixels) -> bytes:
    written, buffer = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not written:
        raise InferloopError("The anonymized image could not be encoded")
    return bytes(buffer)
