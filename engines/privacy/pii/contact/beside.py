"""Whether other personal data stands beside a name."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BESIDE = re.compile(r"[ ,;:|/–()<>\[\]\n•·-]{0,4}(?:[^\W\d_]{1,12}[.:]{0,2}[ :]{1,2}){0,2}[(<\[]?")
_LINES_BELOW = 4
_FAR_BELOW = 200


def is_beside(text: str, start: int, end: int, starts: Sequence[int]) -> bool:
    """Whether other personal data follows: at once, or, if the name begins a line, within the next
    lines."""
    near = _BESIDE.match(text, end)
    reach = near.end() if near else end
    if any(end <= other <= reach for other in starts):
        return True
    head = text[:start].rpartition("\n")[2]
    tail = text[end:].partition("\n")[0]
    if head.strip() or tail.strip(" ,.;"):
        return False
    return any(
        end <= other <= end + _FAR_BELOW and text.count("\n", end, other) <= _LINES_BELOW
        for other in starts
    )
