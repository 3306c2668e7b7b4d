"""Find how many rows a step should hold, from measured step times.

With more rows a step takes longer, but the time per row falls, up to a point: the knee. Steps with
more rows than that only make their requests wait longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.protocols import Clock

SLACK = 0.1
"""At the knee, the time per row may exceed the smallest one by this fraction."""
_PAST = 1.25
"""Measuring stops when the time per row exceeds the smallest one by this factor."""


def knee(step_s: Mapping[int, float], slack: float = SLACK) -> int:
    """The fewest rows whose time per row is at most 1 + `slack` times the smallest one.

    `step_s`: number of rows to seconds per step, all above 0; must not be empty.
    """
    row_s = {rows: seconds / rows for rows, seconds in step_s.items()}
    bound = (1 + slack) * min(row_s.values())
    return min(rows for rows, seconds in row_s.items() if seconds <= bound)


def bend(step_s: Mapping[int, float], slack: float = SLACK) -> int | None:
    """The knee, or None if it is the largest measured step, so that larger ones might be better."""
    if not step_s or (found := knee(step_s, slack)) == max(step_s):
        return None
    return found


def measuring(
    step_s: Callable[[int], float | None], most_rows: int, bound_s: float, clock: Clock
) -> Iterator[dict[int, float]]:
    """Number of rows to measured seconds per step, for 2, 4, 8 and so on up to `most_rows`: yields
    all that were measured so far after each measurement.

    Ends when the time per row has risen much again, when `step_s` returns None, and when all
    measurements together, with the next one, would probably take more than `bound_s` seconds (by
    `clock`).
    """
    found: dict[int, float] = {}
    spent = 0.0
    rows = 2
    while rows <= most_rows:
        before = clock()
        seconds = step_s(rows)
        if seconds is None or seconds <= 0:
            return
        found[rows] = seconds
        took = clock() - before
        spent += took
        yield found
        if seconds / rows > _PAST * min(each / n for n, each in found.items()):
            return
        if spent + 2 * took > bound_s:
            return
        rows *= 2
