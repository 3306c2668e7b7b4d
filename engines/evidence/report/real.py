"""The sections of the page that compare the dataset with real images and with a profile."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from engines.types.datasets.reports import BY_HASH_ONLY

if TYPE_CHECKING:
    from engines.types.datasets.reports import CopyingOut, ProfileComparison, ReferenceEvidence

_SURE = 0.01
"""A p-value below this is called a sign of copying."""
SHOWN = 50


def reference_section(found: ReferenceEvidence | None) -> Iterator[str]:
    """The figures, each with an explanation, and then the images that were made from a real one."""
    if found is None:
        return
    yield f"<h2>Against real images: {escape(found.reference)}</h2>"
    yield from _figures(found)


def _figures(found: ReferenceEvidence) -> Iterator[str]:
    yield f"<p>{found.images:,} real images.</p><table>"
    for name, value, words in (
        ("clipped density", found.clipped_density, "share of images that look like real ones"),
        ("clipped coverage", found.clipped_coverage, "share of real images that are represented"),
        ("recall", found.recall, "share of real images that are near generated ones"),
    ):
        if value is not None:
            yield f"<tr><th scope=row>{name}<td>{value:.3f}<td>{words}</tr>"
    if found.kid is not None:
        yield f"<tr><th scope=row>KID<td>{found.kid.value:.4f}<td>95 % between "
        yield f"{found.kid.low:.4f} and {found.kid.high:.4f}; 0: no difference</tr>"
    if found.copying is not None:
        yield from _copying(found.copying)
    yield "</table>"
    yield from _taken(found)


def _copying(found: CopyingOut) -> Iterator[str]:
    sure = min(found.p_value, found.tail_p_value) < _SURE
    words = "<b class=bad>nearer than held-out real images: a sign of copying</b>"
    yield f"<tr><th scope=row>nearest real image<td>{found.effect:.3f}<td>probability of being "
    yield f"nearer than a held-out real image; 0.5: no copying (p = {found.p_value:.2g})</tr>"
    yield f"<tr><th scope=row>very near<td>{found.tail_share:.3f}<td>expected "
    yield f"{found.tail_expected:.3f} (p = {found.tail_p_value:.2g}). "
    yield f"{words if sure else 'No sign of copying.'}</tr>"


def _taken(found: ReferenceEvidence) -> Iterator[str]:
    yield f"<p>{found.taken_count:,} of {found.searched:,} searched images were made from a real "
    if found.searched_by == BY_HASH_ONLY:
        yield "one: copied, mirrored or recolored. Cropped and rotated copies are not found, "
        yield "because only the features and hashes of the real images are stored.</p>"
    else:
        yield "one: copied, cropped, rotated, mirrored or recolored.</p>"
    if found.taken:
        yield "<table><tr><th>image<th>real image<th>points that agree<th>distance<th></tr>"
        for each in found.taken[:SHOWN]:
            yield f"<tr><td><code>{escape(each.id)}</code><td><code>{escape(each.reference)}</code>"
            yield f"<td>{each.agreeing_points}<td>{each.distance:.3f}"
            yield f"<td>{'mirrored' if each.mirrored else ''}</tr>"
        yield "</table>"


def comparison_section(found: ProfileComparison | None) -> Iterator[str]:
    """The distances of all statistics, the largest first."""
    if found is None:
        return
    yield f"<h2>Compared with the profile {escape(found.profile)}</h2>"
    yield f"<p>Conformance {found.conformance:.1f} of 100. The largest distances first.</p>"
    yield "<table>"
    for name, distance in sorted(found.distances.items(), key=lambda item: -abs(item[1])):
        yield f"<tr><th scope=row>{escape(name)}</th><td>{distance:.4g}</td></tr>"
    yield "</table>"
    if found.evidence is not None:
        yield f"<h2>Against the images of the profile {escape(found.profile)}</h2>"
        yield from _figures(found.evidence)
