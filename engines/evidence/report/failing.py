"""The section of the page with failed images, their reasons, and the places in the image."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.types.datasets.reports import DatasetReport, Factor, FailingImage

LISTED = 2000
"""Most images in the table. The JSON report has all."""


def failing_section(report: DatasetReport) -> Iterator[str]:
    """Pictures with boxes around the findings, then a table of all failed images."""
    if not report.failing:
        return
    yield f"<h2>Images that failed</h2><p>{report.failing_count:,} images.</p><div class=cards>"
    for image in report.failing:
        if image.thumbnail is not None:
            yield _card(image)
    yield "</div><table><tr><th>image<th>check<th>factor<th>value<th>needed<th>what</tr>"
    for image in report.failing[:LISTED]:
        for factor in image.factors:
            yield f"<tr><td><code>{escape(image.id)}</code>{_row(factor)}</tr>"
    yield "</table>"
    if report.failing_count > LISTED:
        yield f"<p>And {report.failing_count - LISTED:,} more; the JSON has them all.</p>"


def _card(image: FailingImage) -> str:
    width, height = image.width or 1, image.height or 1
    boxes = "".join(
        '<rect x="{}" y="{}" width="{}" height="{}" vector-effect="non-scaling-stroke"/>'.format(
            *factor.box
        )
        for factor in image.factors
        if factor.box is not None
    )
    words = escape("; ".join(dict.fromkeys(factor.code for factor in image.factors)), quote=True)
    picture = f"data:image/jpeg;base64,{escape(image.thumbnail or '')}"
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role=img aria-label="{words}">'
        f'<image href="{picture}" width="{width}" height="{height}" preserveAspectRatio="none"/>'
        f"{boxes}</svg><figcaption>{escape(image.id)}: {words}</figcaption></figure>"
    )


def _row(factor: Factor) -> str:
    numbers = "".join(
        f"<td>{'' if number is None else f'{number:.3g}'}"
        for number in (factor.value, factor.threshold)
    )
    check, code, message = (escape(t) for t in (factor.check, factor.code, factor.message))
    return f"<td>{check}<td>{code}{numbers}<td>{message}"
