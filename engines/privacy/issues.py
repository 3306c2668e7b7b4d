"""Converts findings to issues of the report, with boxes and severities. Text is masked."""

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

_MOST_LISTED = 100
_CODES = "zxing"
"""Name of the reader of machine-readable codes in issues."""


def face_issues(sightings: Sightings, detector: str) -> Iterator[PrivacyIssue]:
    """One issue for each face, or one that says why the check could not run."""
    if sightings.face_problem is not None:
        message = f"Faces were not checked: {sightings.face_problem}"
        yield _issue("face_check_unavailable", message, detector)
    for face in sightings.faces or ():
        yield _issue("face", "A face", detector, face.box, round(face.confidence, 3))


def text_issues(sightings: Sightings, detector: str) -> Iterator[PrivacyIssue]:
    """Issues for personal data, then for lines that were not read, then for other text. If the
    check could not run, one issue says why."""
    if sightings.text_problem is not None:
        message = f"Text was not checked: {sightings.text_problem}"
        yield _issue("text_check_unavailable", message, detector)
    if sightings.document is None:
        return
    for match in sightings.matches:
        in_code = sightings.document.is_in_code(match)
        place = "a machine-readable code in the image" if in_code else "the image"
        yield _issue(
            match.type,
            f"{match.type.replace('_', ' ')} in {place}",
            f"{_CODES if in_code else detector}+{match.detector}",
            sightings.document.box_of(match),
            sightings.document.confidence_of(match),
            masked(match.type, match.text),
        )
    for line in sightings.unread:
        left_out = "Text beyond the limit of work, which was not read"
        message = left_out if line.is_left_out else "Text that could not be read"
        yield _issue("text_unread", message, detector, line.box, round(line.confidence, 3))
    for line in sightings.plain_lines:
        shown = masked("text", line.text)
        message, by = ("A machine-readable code", _CODES) if line.is_code else ("Text", detector)
        yield _issue("text", message, by, line.box, round(line.confidence, 3), shown)


def duplicate_issue(neighbor: Neighbor, max_distance: int) -> PrivacyIssue:
    """The issue for an image whose perceptual hash is close to that of a reference image.
    `max_distance`: number of bits in which they may differ."""
    message = (
        f"Nearly a copy of a reference image: {neighbor.distance} of 64 hash bits differ "
        f"(up to {max_distance} count)"
    )
    confidence = round(1 - neighbor.distance / 64, 3)
    return _issue("near_duplicate", message, "phash", None, confidence)


def match_issue(face: Face, distance: float, limit: float) -> PrivacyIssue:
    """The issue for a face that is in a reference image: the `distance` of their embeddings is
    below `limit`."""
    message = f"A face of a reference image: distance {distance:.2f} (below {limit:.2f} counts)"
    return _issue("face_match", message, "dlib", face.box, round(max(0.0, 1 - distance), 3))


def names_issue() -> PrivacyIssue:
    """The issue for text without other findings, if names were not looked for everywhere. It costs
    no points, and the image can pass."""
    message = (
        "Names and addresses were looked for only in forms, beside certain words, in sentences"
    )
    return _issue("names_not_checked", message, "patterns")


def frames_issue(unread: Sequence[str]) -> PrivacyIssue:
    """The issue for parts of a file that were not checked. `unread` names them, such as "2 of 5
    frames"."""
    listed = ", ".join(dict.fromkeys(unread))[:200]
    return _issue("frames_not_checked", f"Not looked at: {listed}", "file")


def of_picture(issue: PrivacyIssue, picture: Picture) -> PrivacyIssue:
    """The same issue with the name of the picture in its message, and with its box in pixels of the
    file (`picture.scale`). The first picture of a file has no name."""
    if not picture.name:
        return issue
    box = issue.box
    if box is not None:
        x, y, width, height = (round(side * picture.scale) for side in box)
        box = x, y, width, height
    return replace(issue, message=f"{issue.message} ({picture.name})", box=box)


def merged(pictures: Iterable[Iterable[PrivacyIssue]]) -> Iterator[PrivacyIssue]:
    """The issues of several pictures of one file, without repetitions. An e-mail address on every
    frame is one issue. If one picture has one face and another one has two, there are two issues
    for faces."""
    told: Counter[tuple[str, str | None]] = Counter()
    for issues in pictures:
        here: Counter[tuple[str, str | None]] = Counter()
        for issue in issues:
            key = issue.type, issue.text
            here[key] += 1
            if here[key] > told[key]:
                told[key] = here[key]
                yield issue


def listed(issues: Iterable[PrivacyIssue]) -> list[PrivacyIssue]:
    """The issues, but at most 100 of each type, and one more for each type that says how many are
    not listed."""
    result, counts = [], Counter[str]()
    unlisted: dict[str, PrivacyIssue] = {}
    for issue in issues:
        counts[issue.type] += 1
        if counts[issue.type] <= _MOST_LISTED:
            result.append(issue)
        else:
            unlisted.setdefault(issue.type, issue)
    for kind, issue in unlisted.items():
        message = f"{counts[kind] - _MOST_LISTED} further issues of this type"
        result.append(_issue(kind, message, issue.detector))
    return result


def _issue(
    kind: str,
    message: str,
    detector: str,
    box: tuple[int, int, int, int] | None = None,
    confidence: float | None = None,
    text: str | None = None,
) -> PrivacyIssue:
    return PrivacyIssue(kind, SEVERITY[kind], message, detector, box, confidence, text)
