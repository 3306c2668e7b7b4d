"""A found stretch of text, and which one wins where several overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) are of kind `type`."""

    type: str
    start: int
    end: int
    confidence: float = 1.0


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Of spans that overlap the one that came first; the result is ordered by position."""
    kept: list[Span] = []
    for span in spans:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
