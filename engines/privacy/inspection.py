"""One look at an image: its faces, its lines of text, and the personal data in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.privacy.model import (
    DetectorUnavailable,
    Face,
    FaceDetector,
    PiiDetector,
    PiiMatch,
    TextReader,
    TextRegion,
)
from engines.privacy.text import Document, document_of, is_text, is_unread

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.types import Pixels


@dataclass(frozen=True, slots=True)
class Sightings:
    """What was seen; `None` where it was not asked for or could not be looked for."""

    faces: tuple[Face, ...] | None = None
    face_problem: str | None = None
    """Why nobody could look; None otherwise."""
    lines: tuple[TextRegion, ...] | None = None
    """Readings that are text by the thresholds of the config."""
    unread: tuple[TextRegion, ...] = ()
    """Lines that were seen and not read; those with personal data are not among them."""
    document: Document | None = None
    matches: tuple[PiiMatch, ...] = field(default=(), repr=False)
    """Personal data in `document`."""
    text_problem: str | None = None

    @property
    def plain_lines(self) -> tuple[TextRegion, ...]:
        """Lines of text without personal data."""
        if self.lines is None or self.document is None:
            return ()
        personal = _touched(self.document, self.matches)
        seen = personal | {id(region) for region in self.unread}
        return tuple(line for line in self.lines if id(line) not in seen)


def _touched(document: Document, matches: Sequence[PiiMatch]) -> set[int]:
    """Identities of the regions that hold personal data."""
    return {
        id(region)
        for match in matches
        for start, end, region in document.spans
        if start < match.end and match.start < end
    }


class Inspector:
    """Safe to share between threads as far as its detectors are."""

    def __init__(
        self, faces: FaceDetector, reader: TextReader, pii: PiiDetector, config: TextConfig
    ) -> None:
        self._faces = faces
        self._reader = reader
        self._pii = pii
        self._config = config

    def inspect(self, pixels: Pixels, check_faces: bool, check_text: bool) -> Sightings:
        """Look at RGB `pixels`, uint8 (height, width, 3); what is not asked for is not run."""
        faces: tuple[Face, ...] | None = None
        face_problem: str | None = None
        if check_faces:
            try:
                faces = self._faces.detect(pixels)
            except DetectorUnavailable as error:
                face_problem = str(error)
        if not check_text:
            return Sightings(faces, face_problem)
        try:
            readings = self._reader.read(pixels)
        except DetectorUnavailable as error:
            return Sightings(faces, face_problem, text_problem=str(error))
        document = document_of([region for region in readings if region.text])
        matches = tuple(self._pii.find(document.text))
        personal = _touched(document, matches)
        return Sightings(
            faces,
            face_problem,
            tuple(line for line in readings if is_text(line, self._config)),
            tuple(
                region
                for region in readings
                if id(region) not in personal
                and is_unread(region, max(pixels.shape[:2]), self._config)
            ),
            document,
            matches,
        )


def most_faces(looks: Sequence[Sightings]) -> int | None:
    """Faces of the picture that shows most of them; None where one could not be looked at."""
    counts = [None if seen.faces is None else len(seen.faces) for seen in looks]
    known = [count for count in counts if count is not None]
    return max(known) if known and len(known) == len(counts) else None


def any_text(looks: Sequence[Sightings]) -> bool | None:
    """Whether a picture shows a line that is text by itself or holds personal data; None where
    nothing was found and one could not be looked at."""
    if any(seen.lines or seen.unread or seen.matches for seen in looks):
        return True
    return None if any(seen.document is None for seen in looks) else False
