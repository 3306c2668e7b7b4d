"""Parts of a text with personal data, and which of several that overlap is kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) are personal data of the type `type`."""

    type: str
    start: int
    end: int
    confidence: float = 1.0


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The spans without those that overlap an earlier one of the sequence, ordered by position."""
    kept: list[Span] = []  # by position
    for span in spans:
        at = bisect_left(kept, span.start, key=_start)
        free_before = at == 0 or kept[at - 1].end <= span.start
        free_behind = at == len(kept) or span.end <= kept[at].start
        if free_before and free_behind:
            kept.insert(at, span)
    return kept


def _start(span: Span) -> int:
    return span.start
