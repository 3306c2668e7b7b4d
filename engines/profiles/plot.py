"""Draw a comparison as SVG: overlaid histograms, dominant colors and the conformance."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engines.errors import JsonValue
    from engines.types import Comparison

    Statistics = Mapping[str, JsonValue]

_PANELS = {
    "brightness": ("dark", "bright"),
    "saturation": ("gray", "full color"),
    "hue": ("0°", "360°"),
    "red": ("none", "full"),
    "green": ("none", "full"),
    "blue": ("none", "full"),
}
"""Histogram to the labels at the two ends of its horizontal axis."""
_PANEL_PX = (220, 110)
_GAP_PX = 20
_COLUMNS = 3
_HEADER_PX = 94
_LEFT, _RIGHT = "#1f5fa8", "#d9762b"


_SCALE = "100: equal. 37: each statistic one deviation apart. Bars: the most frequent colors."


def comparison_svg(left: Statistics, right: Statistics, found: Comparison) -> str:
    """A standalone SVG document, with left in blue and right in orange."""
    rows = -(-len(_PANELS) // _COLUMNS)
    width = _COLUMNS * (_PANEL_PX[0] + _GAP_PX) + _GAP_PX
    height = _HEADER_PX + rows * (_PANEL_PX[1] + 2 * _GAP_PX)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_GAP_PX}" y="20">Conformance {found.conformance:.1f} of 100</text>',
        f'<text x="{_GAP_PX}" y="36" fill="#666">{_SCALE}</text>',
        *_legend(left, found.left, _LEFT, 58),
        *_legend(right, found.right, _RIGHT, 80),
    ]
    for index, (name, ends) in enumerate(_PANELS.items()):
        x = _GAP_PX + index % _COLUMNS * (_PANEL_PX[0] + _GAP_PX)
        y = _HEADER_PX + index // _COLUMNS * (_PANEL_PX[1] + 2 * _GAP_PX)
        distance = found.distances.get(f"{name}_wasserstein", 0.0)
        parts.append(f'<text x="{x}" y="{y + 12}">{name}: distance {distance:.3f}</text>')
        parts += _panel(_shares(left, name), _shares(right, name), x, y + 18)
        parts += _axes(_shares(left, name), _shares(right, name), ends, x, y + 18)
    return "\n".join([*parts, "</svg>"])


def _legend(side: Statistics, name: str, color: str, y: int) -> list[str]:
    marks = [f'<text x="{_GAP_PX}" y="{y}" fill="{color}">{escape(name)}</text>']
    colors = cast("Sequence[Mapping[str, JsonValue]]", side["dominant_colors"])
    x = 2 * _GAP_PX + _PANEL_PX[0]
    for color_share in colors:
        wide = round(300 * cast("float", color_share["share"]))
        fill = escape(str(color_share["hex"]))
        marks.append(f'<rect x="{x}" y="{y - 12}" width="{wide}" height="14" fill="{fill}"/>')
        x += wide
    return marks


def _panel(left: Sequence[float], right: Sequence[float], x: int, y: int) -> list[str]:
    wide, high = _PANEL_PX
    top = max(*left, *right, 1e-9)

    def outline(shares: Sequence[float]) -> str:
        step = wide / len(shares)
        return " ".join(
            f"{x + (index + side) * step:.1f},{y + high * (1 - share / top):.1f}"
            for index, share in enumerate(shares)
            for side in (0, 1)
        )

    frame = f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="none" stroke="#bbb"/>'
    lines = [
        f'<polyline points="{outline(shares)}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        for shares, color in ((left, _LEFT), (right, _RIGHT))
    ]
    return [frame, *lines]


def _axes(
    left: Sequence[float], right: Sequence[float], ends: tuple[str, str], x: int, y: int
) -> list[str]:
    """Labels of the axes: horizontally the value, vertically the share of pixels."""
    wide, high = _PANEL_PX
    low_end, high_end = map(escape, ends)
    below = y + high + 12
    small = 'font-size="9" fill="#666"'
    return [
        f'<text x="{x}" y="{below}" {small}>{low_end}</text>',
        f'<text x="{x + wide}" y="{below}" text-anchor="end" {small}>{high_end}</text>',
        f'<text x="{x + 3}" y="{y + 10}" {small}>{max(*left, *right):.0%} of pixels</text>',
    ]


def _shares(side: Statistics, name: str) -> Sequence[float]:
    return cast("Mapping[str, Sequence[float]]", side["histograms"])[name]
