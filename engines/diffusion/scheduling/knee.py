"""How many rows a step is worth filling with: measured on the machine itself. Pure.

With more rows a step takes longer, but a row gets cheaper, up to a point: the knee. Beyond it a
step only makes everybody in it wait longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.protocols import Clock

SLACK = 0.1
"""How much dearer than at best a row may be."""
_PAST = 1.25
"""A row that costs so much more than at best: the knee lies behind."""


def knee(step_s: Mapping[int, float], slack: float = SLACK) -> int:
    """The fewest rows at which a row costs at most 1 + `slack` times what it costs at best.

    `step_s`: rows of a step to its seconds, both above 0; at least one.
    """
    row_s = {rows: seconds / rows for rows, seconds in step_s.items()}
    bound = (1 + slack) * min(row_s.values())
    return min(rows for rows, seconds in row_s.items() if seconds <= bound)


def bend(step_s: Mapping[int, float], slack: float = SLACK) -> int | None:
    """The knee, if a larger step than that was measured; None where none was, so that nobody
    knows whether still larger ones are worth it."""
    if not step_s or (found := knee(step_s, slack)) == max(step_s):
        return None
    return found


def measured(
    step_s: Callable[[int], float | None], most_rows: int, bound_s: float, clock: Clock
) -> dict[int, float]:
    """Rows to seconds of a step, for 2, 4, 8 and so on up to `most_rows`.

    Stops where a row has become much dearer again, where `step_s` does not know (None), and where
    the next step would likely end later than `bound_s` seconds after the start, by `clock`.
    """
    found: dict[int, float] = {}
    began = clock()
    rows = 2
    while rows <= most_rows:
        before = clock()
        seconds = step_s(rows)
        if seconds is None or seconds <= 0:
            break
        found[rows] = seconds
        took = clock() - before
        if seconds / rows > _PAST * min(each / n for n, each in found.items()):
            break
        if clock() - began + 2 * took > bound_s:
            break
        rows *= 2
    return found
