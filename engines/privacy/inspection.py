"""Runs the detectors on one image: its faces, its lines of text, the personal data in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
from engines.privacy.text.allowance import ReadingAllowance
from engines.privacy.text.document import ZERO_WIDTH

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.types import Pixels


@dataclass(frozen=True, slots=True)
class Sightings:
    """What the detectors found in one image. `faces`, `lines` and `document` are None if the check
    was not requested or could not run."""

    faces: tuple[Face, ...] | None = None
    face_problem: str | None = None
    """Why the check for faces could not run; None otherwise."""
    lines: tuple[TextRegion, ...] | None = None
    """Lines that count as text by the thresholds of the config."""
    unread: tuple[TextRegion, ...] = ()
    """Lines that were found but not read, except those with personal data."""
    document: Document | None = None
    """Everything that was read, as one text."""
    matches: tuple[PiiMatch, ...] = field(default=(), repr=False)
    """Personal data in `document`."""
    text_problem: str | None = None
    """Why the check for text could not run; None otherwise."""

    @property
    def plain_lines(self) -> tuple[TextRegion, ...]:
        """The lines of text that were read and have no personal data."""
        if self.lines is None or self.document is None:
            return ()
        personal = _touched(self.document, self.matches)
        seen = personal | {id(region) for region in self.unread}
        return tuple(line for line in self.lines if id(line) not in seen)


def _touched(document: Document, matches: Sequence[PiiMatch]) -> set[int]:
    """`id()` of every region that contains a part of a match."""
    return {
        id(region)
        for match in matches
        for start, end, region in document.spans
        if start < match.end and match.start < end
    }


class Inspector:
    """Runs a face detector, a text reader and a PII detector on images. Threads may share it if
    they may share the detectors."""

    def __init__(
        self, faces: FaceDetector, reader: TextReader, pii: PiiDetector, config: TextConfig
    ) -> None:
        self._faces = faces
        self._reader = reader
        self._pii = pii
        self._config = config

    def allowance(self) -> ReadingAllowance:
        """The work for reading the text of one file."""
        return ReadingAllowance(self._config.max_work)

    def inspect(
        self,
        pixels: Pixels,
        check_faces: bool,
        check_text: bool,
        allowance: ReadingAllowance | None = None,
    ) -> Sightings:
        """Check RGB `pixels`, uint8 (height, width, 3). A check that is not requested is not run;
        one that fails is reported in the result. `allowance`: the work that is left for the text of
        this file; None: a new one."""
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
            readings = self._reader.read(pixels, allowance)
        except DetectorUnavailable as error:
            return Sightings(faces, face_problem, text_problem=str(error))
        document = document_of([region for region in readings if region.text])
        matches = self._matches(document)
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

    def _matches(self, document: Document) -> tuple[PiiMatch, ...]:
        """Personal data in the text, and further ones in the text whose close regions are joined to
        one word or belong together by their places, ordered by position."""
        # Imported here, because it reads all lists of words.
        from engines.privacy.pii.laid_out import find_laid_out

        found = list(self._pii.find(document.text))
        for match in self._pii.find(document.tight) if document.seams else ():
            if all(match.end <= other.start or other.end <= match.start for other in found):
                found.append(replace(match, text=match.text.replace(ZERO_WIDTH, "")))
        for match in find_laid_out(document, self._pii.find):
            if all(match.end <= other.start or other.end <= match.start for other in found):
                found.append(match)
        return tuple(sorted(found, key=lambda match: match.start))


def most_faces(looks: Sequence[Sightings]) -> int | None:
    """The largest number of faces in one of the pictures; None if any of them was not checked."""
    counts = [None if seen.faces is None else len(seen.faces) for seen in looks]
    known = [count for count in counts if count is not None]
    return max(known) if known and len(known) == len(counts) else None


def any_text(looks: Sequence[Sightings]) -> bool | None:
    """Whether any of the pictures has text. None if no text was found, but not every picture was
    checked."""
    if any(seen.lines or seen.unread or seen.matches for seen in looks):
        return True
    return None if any(seen.document is None for seen in looks) else False
