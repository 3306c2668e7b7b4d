"""Combines several rounds of the serving benchmark: medians and their spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.serving.load import Summary
from benchmarks.serving.report import Measured


def combined(rounds: Sequence[Measured]) -> Measured:
    """Combines the rounds of one server: all requests that were sent alone, and for each load the
    round with the median goodput. A rate that some round did not measure is left out."""
    first = rounds[0]
    shared = [rate for rate in first.rates if all(rate in each.rates for each in rounds)]
    return Measured(
        first.name,
        [seconds for each in rounds for seconds in each.alone_s],
        _middle([each.burst for each in rounds]),
        {rate: _middle([each.rates[rate] for each in rounds]) for rate in shared},
    )


def spreads(rounds: Sequence[Sequence[Measured]]) -> str:
    """A table of each server's results in all rounds: median (lowest to highest)."""
    lines = ["| server | goodput rps, everything at once | alone s |", "|---|---|---|"]
    for server in zip(*rounds, strict=True):
        goodput = _spread(server, lambda each: each.burst.goodput_rps)
        alone = _spread(server, lambda each: statistics.median(each.alone_s))
        lines.append(f"| {server[0].name} | {goodput} | {alone} |")
    return "\n".join(lines)


def _middle(summaries: Sequence[Summary]) -> Summary:
    ordered = sorted(summaries, key=lambda each: each.goodput_rps)
    return ordered[(len(ordered) - 1) // 2]


def _spread(server: Sequence[Measured], value: Callable[[Measured], float]) -> str:
    values = sorted(map(value, server))
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"
