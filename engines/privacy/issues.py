"""Sightings as issues of the report: boxes, severities, and text only behind a mask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engines.privacy.pii import masked
from engines.privacy.severity import SEVERITY
from engines.types import PrivacyIssue

if TYPE_CHECKING:
    from engines.privacy.inspection import Sightings
    from engines.privacy.memorization.index import Neighbor
    from engines.privacy.model import Face
    from engines.privacy.opening import Picture


def face_issues(sightings: Sightings, detector: str) -> Iterator[PrivacyIssue]:
    """One issue per face, or one that says why nobody could look."""
    if sightings.face_problem is not None:
        message = f"Faces were not checked: {sightings.face_problem}"
        yield _issue("face_check_unavailable", message, detector)
    for face in sightings.faces or ():
        yield _issue("face", "A face", detector, face.box, round(face.confidence, 3))


def text_issues(sightings: Sightings, detector: str) -> Iterator[PrivacyIssue]:
    """Personal data first, then lines of text that hold none."""
    if sightings.text_problem is not None:
        message = f"Text was not checked: {sightings.text_problem}"
        yield _issue("text_check_unavailable", message, detector)
    if sightings.document is None:
        return
    for match in sightings.matches:
        yield _issue(
            match.type,
            f"{match.type.replace('_', ' ')} in the image",
            f"{detector}+{match.detector}",
            sightings.document.box_of(match),
            sightings.document.confidence_of(match),
            masked(match.type, match.text),
        )
    for line in sightings.unread:
        message = "Text that could not be read"
        yield _issue("text_unread", message, detector, line.box, round(line.confidence, 3))
    for line in sightings.plain_lines:
        shown = masked("text", line.text)
        yield _issue("text", "Text", detector, line.box, round(line.confidence, 3), shown)


def duplicate_issue(neighbor: Neighbor, max_distance: int) -> PrivacyIssue:
    """The issue for an image whose perceptual hash is near one of the references."""
    message = (
        f"Nearly a copy of a reference image: {neighbor.distance} of 64 hash bits differ "
        f"(up to {max_distance} count)"
    )
    confidence = round(1 - neighbor.distance / 64, 3)
    return _issue("near_duplicate", message, "phash", None, confidence)


def match_issue(face: Face, distance: float, limit: float) -> PrivacyIssue:
    """The issue for a face that is nearer to a face of the references than `limit`, a distance of
    embeddings."""
    message = f"A face of the references: distance {distance:.2f} (below {limit:.2f} counts)"
    return _issue("face_match", message, "dlib", face.box, round(max(0.0, 1 - distance), 3))


def names_issue() -> PrivacyIssue:
    """Told where text was read that holds nothing else; costs no points and fails nothing."""
    message = "Names and addresses were looked for only where a title or a form calls them so"
    return _issue("names_not_checked", message, "patterns")


def frames_issue(unread: Sequence[str]) -> PrivacyIssue:
    """`unread`: what was not looked at, in words."""
    listed = ", ".join(dict.fromkeys(unread))[:200]
    return _issue("frames_not_checked", f"Not looked at: {listed}", "file")


def of_picture(issue: PrivacyIssue, picture: Picture) -> PrivacyIssue:
    """The same finding, which says in which picture it is; its box in that picture's pixels."""
    if not picture.name:
        return issue
    box = issue.box
    if box is not None:
        x, y, width, height = (round(side * picture.scale) for side in box)
        box = x, y, width, height
    return replace(issue, message=f"{issue.message} ({picture.name})", box=box)


def merged(pictures: Iterable[Iterable[PrivacyIssue]]) -> Iterator[PrivacyIssue]:
    """Issues of several pictures. What one showed, further ones do not tell again: an e-mail
    address on every frame is one issue, two faces after a picture with one are one more."""
    told: Counter[tuple[str, str | None]] = Counter()
    for issues in pictures:
        here: Counter[tuple[str, str | None]] = Counter()
        for issue in issues:
            key = issue.type, issue.text
            here[key] += 1
            if here[key] > told[key]:
                told[key] = here[key]
                yield issue


def _issue(
    kind: str,
    message: str,
    detector: str,
    box: tuple[int, int, int, int] | None = None,
    confidence: float | None = None,
    text: str | None = None,
) -> PrivacyIssue:
    return PrivacyIssue(kind, SEVERITY[kind], message, detector, box, confidence, text)
