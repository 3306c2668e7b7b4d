"""What the serving benchmark concludes from what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmarks.serving import load
from benchmarks.serving.load import Outcome, Summary, summarize
from benchmarks.serving.report import OURS, PLAIN, Measured, claims, plot, row


def summary(goodput: float, mean_s: float, p99_s: float = 1.0) -> Summary:
    return Summary(goodput, 10, 0, mean_s, mean_s, p99_s, 0.5)


def measured(name: str, capacity: float, alone_s: float, *points: Summary) -> Measured:
    rates = {float(rate): point for rate, point in enumerate(points, start=1)}
    return Measured(name, [alone_s] * 3, summary(capacity, 9.0), rates)


def three_servers() -> list[Measured]:
    return [
        measured(PLAIN, 1.0, 2.0, summary(0.9, 2.0)),
        measured("peer", 1.5, 2.0, summary(1.0, 2.0, 3.0), summary(1.4, 8.0, 12.0)),
        measured(OURS, 4.5, 1.5, summary(1.0, 1.5), summary(2.0, 2.0)),
    ]


def test_the_aims_stand_beside_the_figures() -> None:
    text = claims(three_servers())
    assert "4x plain diffusers' | 4.5x |" in text
    assert "3.5x the best peer's (peer) | 3.0x |" in text
    assert "0.75x (1.50 s against 2.00)" in text
    assert "at most 0.45x its mean latency | 0.25x at 2.00 rps |" in text


def test_it_says_where_a_point_is_missing() -> None:
    servers = three_servers()
    del servers[2].rates[2.0]
    assert "did not double" in claims(servers)
    assert "need both" in claims(servers[:1])


def test_a_row_counts_what_was_refused() -> None:
    outcomes = [Outcome(1.0, True, 0.2), Outcome(3.0, True), Outcome(0.1, False)]
    found = summarize(4.0, outcomes)
    assert row("x", "2.00", found) == "| x | 2.00 | 0.50 | 2/3 | 2.00 | 2.00 | 3.00 | 0.20 |"


def test_nothing_finished_is_no_goodput() -> None:
    assert summarize(1.0, [Outcome(1.0, False)]).goodput_rps == 0.0


def test_arrivals_are_poisson_and_the_same_for_every_server() -> None:
    asked = load.bodies(2000, 1, 64)
    planned = load.poisson(asked, 4.0, 2)
    assert planned == load.poisson(asked, 4.0, 2)
    times = [arrival.at_s for arrival in planned]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(2000 / 4.0, rel=0.1)
    assert sum(arrival.streamed for arrival in planned) <= 8


def test_the_requests_are_mixed() -> None:
    asked = load.bodies(200, 1, 64)
    assert {body["num_inference_steps"] for body in asked} == {10, 20, 30, 40, 50}
    assert {body["guidance_scale"] for body in asked} == {1.0, 5.0, 7.5}


@pytest.mark.slow
def test_the_plot_is_a_png(tmp_path: Path) -> None:
    plot(three_servers(), tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as image:
        assert image.format == "PNG"
        assert image.width > 800
