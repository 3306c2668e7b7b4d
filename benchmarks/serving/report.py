"""The results of the serving benchmark: a table, the goals with the measured values, and a plot."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.serving.load import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, PLAIN = "ours", "plain diffusers + lock"
HEADER = (
    "| server | offered rps | goodput rps | finished | mean s | p50 s | p99 s | first sign s |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass
class Measured:
    """Results of one server: requests one after another, all at once, and at rising rates."""

    name: str
    alone_s: list[float]
    burst: Summary
    rates: dict[float, Summary] = field(default_factory=dict)

    @property
    def capacity_rps(self) -> float:
        """The largest goodput under any load, requests per second."""
        return max(each.goodput_rps for each in (self.burst, *self.rates.values()))


def row(name: str, offered: str, found: Summary) -> str:
    cells = (
        offered,
        f"{found.goodput_rps:.2f}",
        f"{found.finished}/{found.finished + found.refused}",
        f"{found.mean_s:.2f}",
        f"{found.p50_s:.2f}",
        f"{found.p99_s:.2f}",
        f"{found.first_progress_s:.2f}",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def claims(found: Sequence[Measured]) -> str:
    """The goals with their measured values. If plain diffusers or ours is missing, there are
    none."""
    by_name = {each.name: each for each in found}
    if not {OURS, PLAIN} <= by_name.keys():
        return "The goals need both plain diffusers and ours."
    ours, plain = by_name[OURS], by_name[PLAIN]
    peers = [each for each in found if each.name not in (OURS, PLAIN)]
    best = max(peers or [plain], key=lambda each: each.capacity_rps)
    ours_s, plain_s = statistics.median(ours.alone_s), statistics.median(plain.alone_s)
    lines = [
        "| aim | measured |",
        "|---|---|",
        f"| goodput at saturation at least 4x plain diffusers' | "
        f"{ours.capacity_rps / plain.capacity_rps:.1f}x |",
        f"| and 3.5x the best peer's ({best.name}) | "
        f"{ours.capacity_rps / best.capacity_rps:.1f}x |",
        f"| a request alone at most 0.75x plain diffusers' time | "
        f"{ours_s / plain_s:.2f}x ({ours_s:.2f} s against {plain_s:.2f}) |",
    ]
    return "\n".join([*lines, _latency_at_the_knee(ours, best)])


def _latency_at_the_knee(ours: Measured, best: Measured) -> str:
    aim = f"| where {best.name}'s p99 doubles, at most 0.45x its mean latency |"
    lowest = min(best.rates)
    for rate in sorted(best.rates):
        if best.rates[rate].p99_s >= 2 * best.rates[lowest].p99_s and rate in ours.rates:
            ratio = ours.rates[rate].mean_s / best.rates[rate].mean_s
            return f"{aim} {ratio:.2f}x at {rate:.2f} rps |"
    return f"{aim} its p99 did not double at the rates offered |"


def plot(found: Sequence[Measured], path: Path) -> None:
    """Write four plots over the offered rate, with one line for each server, as PNG."""
    from matplotlib.figure import Figure

    panels: dict[str, Callable[[Summary], float]] = {
        "goodput, images a second": lambda each: each.goodput_rps,
        "mean latency, s": lambda each: each.mean_s,
        "p99 latency, s (dashed: p50)": lambda each: each.p99_s,
        "first sign of progress, median, s": lambda each: each.first_progress_s,
    }
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    axes = figure.subplots(2, 2).flat
    for axis, (title, value) in zip(axes, panels.items(), strict=True):
        for number, server in enumerate(found):
            rates = sorted(server.rates)
            heights = [value(server.rates[rate]) for rate in rates]
            axis.plot(rates, heights, "o-", color=f"C{number}", label=server.name)
            if title.startswith("p99"):
                middle = [server.rates[rate].p50_s for rate in rates]
                axis.plot(rates, middle, "--", color=f"C{number}")
        axis.set(title=title, xlabel="offered, requests a second", ylim=(0, None))
        axis.grid(alpha=0.3)
    _goodput_limits(figure.axes[0], found)
    figure.axes[0].legend()
    figure.savefig(path, dpi=110)


def _goodput_limits(axis: Axes, found: Sequence[Measured]) -> None:
    """Draw the capacity of each server as a dotted line."""
    for number, server in enumerate(found):
        if not math.isnan(server.capacity_rps):
            axis.axhline(server.capacity_rps, linestyle=":", color=f"C{number}", alpha=0.6)
    axis.set_ylim(0, 1.05 * max(server.capacity_rps for server in found))
