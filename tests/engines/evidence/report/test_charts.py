"""The report's charts as what they are: drawings that a parser can measure."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from engines.evidence.report.charts import bars_table, histogram_svg
from engines.types.datasets.histograms import BINS, RANGES, Histogram


def drawn(histogram: Histogram, name: str = "contrast") -> ElementTree.Element:
    return ElementTree.fromstring(histogram_svg(name, histogram))


def heights(svg: ElementTree.Element) -> list[float]:
    return [float(bar.attrib["height"]) for bar in svg.iter("rect")]


def test_a_bar_is_as_tall_as_its_count() -> None:
    histogram = Histogram.empty("contrast").added([0.01] * 2 + [0.51] * 4 + [0.99])
    found = heights(drawn(histogram))
    assert len(found) == BINS
    tallest = max(found)
    assert [height / tallest for height in found if height] == pytest.approx([0.5, 1.0, 0.25])
    assert (found[0], found[-1]) == pytest.approx((0.5 * tallest, 0.25 * tallest))


def test_bars_stand_on_the_ground_and_inside_the_picture() -> None:
    svg = drawn(Histogram.empty("entropy").added([0.1, 3.3, 3.4, 7.9]), "entropy")
    _, _, width, height = (float(part) for part in svg.attrib["viewBox"].split())
    feet = {
        round(float(bar.attrib["y"]) + float(bar.attrib["height"]), 1) for bar in svg.iter("rect")
    }
    assert len(feet) == 1
    assert feet.pop() < height
    for bar in svg.iter("rect"):
        assert float(bar.attrib["x"]) >= 0
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) <= width


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_the_mean_is_marked_where_it_is(value: float) -> None:
    svg = drawn(Histogram.empty("contrast").added([value]))
    (line,) = svg.iter("line")
    width = float(svg.attrib["viewBox"].split()[2])
    assert float(line.attrib["x1"]) == pytest.approx(value * width, abs=0.1)


def test_a_mean_outside_the_range_stays_in_the_picture() -> None:
    svg = drawn(Histogram.empty("sharpness").added([5000.0]), "sharpness")
    (line,) = svg.iter("line")
    assert float(line.attrib["x1"]) == float(svg.attrib["viewBox"].split()[2])


def test_nothing_counted_is_an_empty_picture() -> None:
    svg = drawn(Histogram.empty("contrast"))
    assert set(heights(svg)) == {0.0}
    assert list(svg.iter("line")) == []


def test_every_bar_says_its_range_and_its_count() -> None:
    svg = drawn(Histogram.empty("privacy_score").added([100.0, 99.0]), "privacy_score")
    titles = [title.text or "" for title in svg.iter("title")]
    assert titles[-1] == "95 .. 100: 2"
    assert titles[0] == "0 .. 5: 0"
    assert svg.attrib["aria-label"] == "Distribution of privacy_score"


@pytest.mark.parametrize("metric", sorted(RANGES))
def test_the_axis_names_the_ends_of_the_range(metric: str) -> None:
    low, high = RANGES[metric]
    texts = [text.text for text in drawn(Histogram.empty(metric), metric).iter("text")]
    assert texts == [f"{low:g}", f"{high:g}"]


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.widths: list[float] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "i":
            found = re.search(r"width:([\d.]+)%", dict(attrs)["style"] or "")
            assert found is not None
            self.widths.append(float(found[1]))


def test_reasons_come_by_how_often_with_a_bar_each() -> None:
    table = bars_table({"rare": 1, "often": 4000, "also rare": 1})
    assert re.findall(r"<th scope=row>([^<]+)</th><td>([\d,]+)", table) == [
        ("often", "4,000"),
        ("also rare", "1"),
        ("rare", "1"),
    ]
    cells = Cells()
    cells.feed(table)
    assert cells.widths == [100.0, 0.0, 0.0]


def test_names_cannot_break_out_of_the_page() -> None:
    assert "<b>" not in bars_table({"<b>": 1})
    ElementTree.fromstring(histogram_svg('a "quoted" <name>', Histogram.empty("contrast")))
