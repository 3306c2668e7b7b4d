"""Decides from pairs of measurements whether a checkout is slower."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Pair(NamedTuple):
    """One case in both checkouts, right after each other; smaller is better."""

    before: float
    now: float

    @property
    def ratio(self) -> float:
        return self.now / self.before


def slower(pairs: Sequence[Pair], bound: float) -> bool:
    """Whether the median ratio is past the bound. A case that was not measured fails nothing."""
    return bool(pairs) and statistics.median(pair.ratio for pair in pairs) > bound


def row(case: str, pairs: Sequence[Pair], bound: float) -> str:
    """A line of the table."""
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
