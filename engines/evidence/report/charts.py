"""Small charts as SVG text, without a library and without scripts, for light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from engines.types.datasets.histograms import Histogram

_WIDTH, _HEIGHT, _FOOT = 300, 110, 16


def histogram_svg(name: str, histogram: Histogram) -> str:
    """A histogram over the metric's range, with a line at the mean."""
    tallest = max(histogram.counts, default=0) or 1
    bar = _WIDTH / len(histogram.counts)
    bars = "".join(
        f'<rect x="{position * bar + 0.5:.1f}" y="{_HEIGHT - _HEIGHT * count / tallest:.1f}" '
        f'width="{bar - 1:.1f}" height="{_HEIGHT * count / tallest:.1f}">'
        f"<title>{_edge(histogram, position)} .. {_edge(histogram, position + 1)}: {count}</title>"
        "</rect>"
        for position, count in enumerate(histogram.counts)
    )
    mean = histogram.mean
    mark = ""
    if mean is not None:
        share = (mean - histogram.low) / (histogram.high - histogram.low)
        x = _WIDTH * min(max(share, 0.0), 1.0)
        mark = f'<line class="mean" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" '
        f'aria-label="Distribution of {escape(name)}">{bars}{mark}'
        f'<text x="0" y="{_HEIGHT + 12}">{histogram.low:g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 12}" text-anchor="end">{histogram.high:g}</text></svg>'
    )


def bars_table(counts: Mapping[str, int]) -> str:
    """A table with bars: names with their counts, the most frequent first."""
    most = max(counts.values(), default=0) or 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{count:,}</td>"
        f'<td class=bar><i style="width:{100 * count / most:.1f}%"></i></td></tr>'
        for name, count in ordered
    )
    return f"<table>{rows}</table>"


def _edge(histogram: Histogram, position: int) -> str:
    width = (histogram.high - histogram.low) / len(histogram.counts)
    return f"{histogram.low + position * width:.3g}"
