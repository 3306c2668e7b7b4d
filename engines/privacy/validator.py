"""The privacy validator: decodes an image, runs the detectors, compares it with the reference
images, and decides whether it passes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.errors import InvalidImage
from engines.privacy.anonymizing import Anonymized, Anonymizer
from engines.privacy.inspection import Inspector, Sightings, any_text, most_faces
from engines.privacy.issues import (
    duplicate_issue,
    face_issues,
    frames_issue,
    listed,
    match_issue,
    merged,
    names_issue,
    of_picture,
    text_issues,
)
from engines.privacy.model import (
    DetectorUnavailable,
    FaceDetector,
    FaceEmbedder,
    PiiDetector,
    TextReader,
)
from engines.privacy.opening import Further, Opener, OpenHere, Picture
from engines.privacy.scoring import has_passed, privacy_score
from engines.privacy.severity import PERSONAL
from engines.types import PrivacyIssue, PrivacyReport

if TYPE_CHECKING:
    from engines.images import ImageLimits
    from engines.privacy.config import PrivacyConfig
    from engines.privacy.memorization import References
    from engines.types import Pixels

logger = logging.getLogger(__name__)

_WARM_SIDE_PX = 512
_MOST_COMPARED = 64
"""Faces of a picture that are compared with the references, the most certain first; each takes tens
of milliseconds."""


class PrivacyValidator:
    """Checks images for faces, text, personal data and copies. It computes on the CPU and does no
    I/O. Threads may share it. `build_privacy_validator` makes it."""

    def __init__(
        self,
        config: PrivacyConfig,
        limits: ImageLimits,
        face_detector: FaceDetector,
        text_reader: TextReader,
        pii: PiiDetector,
        references: References | None = None,
        embedder: FaceEmbedder | None = None,
        opener: Opener | None = None,
    ) -> None:
        """`opener` decodes files and checks their metadata, possibly in another process. None does
        it in this process, with `pii`."""
        self._config = config
        self._face_detector = face_detector
        self._text_reader = text_reader
        self._knows_names = pii.knows_names
        self._inspector = Inspector(face_detector, text_reader, pii, config.text)
        self._opener = opener or OpenHere(limits, config, pii)
        self._anonymizer = Anonymizer(self._inspector, config.anonymize)
        self._references = references
        self._embedder = embedder

    @property
    def version(self) -> str:
        """The detectors and the main thresholds, in one line of ASCII."""
        references = len(self._references.index) if self._references else 0
        return (
            f"privacy/1 faces={self._face_detector.name}>={self._config.faces.threshold:.2f} "
            f"text={self._text_reader.name}>={self._config.text.confidence:.2f} "
            f"references={references} fail_at={self._config.verdict.fail_at} "
            f"min_score={self._config.verdict.min_score}"
        )

    def warm(self) -> None:
        """Set the number of OpenCV's threads (for the whole process), and run every detector once,
        because the first run takes longer. Blocks for seconds."""
        cv2.setNumThreads(self._config.threads)
        canvas = np.full((_WARM_SIDE_PX, _WARM_SIDE_PX, 3), 255, dtype=np.uint8)
        cv2.putText(canvas, "Warm 123", (60, 260), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (0, 0, 0), 4)
        sightings = self._inspector.inspect(canvas, check_faces=True, check_text=True)
        for problem in (sightings.face_problem, sightings.text_problem):
            if problem is not None:
                logger.warning("a privacy check cannot run: %s", problem)

    def validate(
        self, content: bytes, key: str, check_faces: bool = True, check_text: bool = True
    ) -> PrivacyReport:
        """Check every picture of the image file `content`: frames, pages, thumbnails. `key` is the
        image's storage key, for the report. Blocks. Raises `InvalidImage` if the first picture
        cannot be decoded."""
        image = self._opener.first(content)
        further = self._further(content) if image.has_more else Further()
        allowance = self._inspector.allowance()
        looks = [
            (picture, self._inspector.inspect(picture.pixels, check_faces, check_text, allowance))
            for picture in (image.first, *further.pictures)
        ]
        issues = listed(merged(self._issues(picture, seen) for picture, seen in looks))
        if further.unread and (check_faces or check_text or self._references):
            issues.append(frames_issue(further.unread))
        if not self._knows_names and any(seen.plain_lines for _, seen in looks):
            issues.append(names_issue())
        score = privacy_score(issues, self._config.score)
        return PrivacyReport(
            key=key,
            privacy_score=score,
            faces_detected=most_faces([seen for _, seen in looks]),
            text_detected=any_text([seen for _, seen in looks]),
            pii_detected=any(issue.type in PERSONAL for issue in issues),
            issues=tuple(issues),
            passed=has_passed(issues, score, self._config.verdict),
            validator_version=self.version,
        )

    def anonymize(self, content: bytes, key: str, method: str) -> bytes:
        """The PNG of `anonymize_with_lineage`."""
        return self.anonymize_with_lineage(content, key, method).png

    def anonymize_with_lineage(self, content: bytes, key: str, method: str) -> Anonymized:
        """A copy of the first picture, without metadata, other frames and thumbnails. Faces and
        text are covered, so that this validator finds none (only text with personal data, if
        `anonymize.cover` is "pii").

        `content` is the image file, `key` its storage key for the lineage, `method` "blur",
        "pixelate" or "box". Blocks.

        Raises:
            InvalidParameters: another method.
            InvalidImage: the file cannot be decoded, or something is still found after the last
                round.
            InferloopError: a check cannot run.
        """
        return self._anonymizer.anonymize(self._opener.first(content).first.pixels, key, method)

    def _further(self, content: bytes) -> Further:
        try:
            return self._opener.further(content)
        except InvalidImage:
            return Further(unread=("all pictures but the first",))

    def _issues(self, picture: Picture, sightings: Sightings) -> Iterator[PrivacyIssue]:
        found = chain(
            face_issues(sightings, self._face_detector.name),
            text_issues(sightings, self._text_reader.name),
            picture.issues,
            self._memorized(picture.pixels, sightings),
        )
        return (of_picture(issue, picture) for issue in found)

    def _memorized(self, pixels: Pixels, sightings: Sightings) -> Iterator[PrivacyIssue]:
        references = self._references
        if references is None:
            return
        neighbor = references.near_duplicate(pixels)
        if neighbor is not None:
            yield duplicate_issue(neighbor, references.index.max_distance)
        if self._embedder is None or not sightings.faces or not references.faces:
            return
        limit = self._config.memorization.face_distance
        compared = sightings.faces[:_MOST_COMPARED]
        try:
            embeddings = self._embedder.embed(pixels, compared)
        except DetectorUnavailable as error:
            logger.warning("faces were not compared with the references: %s", error)
            return
        for face, embedding in zip(compared, embeddings, strict=True):
            distance = references.nearest_face(embedding)
            if distance is not None and distance < limit:
                yield match_issue(face, distance, limit)
