"""Decides from pairs of measurements whether a checkout is slower."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Pair(NamedTuple):
    """The figures of one case in both checkouts, measured one after the other. Less is better."""

    before: float
    now: float

    @property
    def ratio(self) -> float:
        return self.now / self.before


def slower(pairs: Sequence[Pair], bound: float) -> bool:
    """Whether the median ratio is above the bound; False for a case that was not measured."""
    return bool(pairs) and statistics.median(pair.ratio for pair in pairs) > bound


def row(case: str, pairs: Sequence[Pair], bound: float) -> str:
    """A row of the table in Markdown."""
    if not pairs:
        return f"| {case} | | | | | not measured in both |"
    ratios = sorted(pair.ratio for pair in pairs)
    before = statistics.median(pair.before for pair in pairs)
    now = statistics.median(pair.now for pair in pairs)
    verdict = "SLOWER" if slower(pairs, bound) else ""
    return (
        f"| {case} | {before:.3g} | {now:.3g} | {statistics.median(ratios):.2f} "
        f"| {ratios[0]:.2f} to {ratios[-1]:.2f} | {verdict} |"
    )
