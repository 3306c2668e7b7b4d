"""Personal data by validated patterns; names and addresses where words or their form tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from engines.privacy.model import PiiMatch
from engines.privacy.pii.ocr import narrowed
from engines.privacy.pii.spans import Span, without_overlaps

Candidates: TypeAlias = Callable[[str, Sequence[str]], Iterator[Span]]


class PatternPii:
    """Searches text as OCR gives it. Pure and safe to share between threads."""

    knows_names = False

    def __init__(self, phone_regions: Sequence[str]) -> None:
        # Its patterns take most of a second to compile: not before somebody searches.
        from engines.privacy.pii.finding import candidates

        self._regions = tuple(phone_regions)
        self._candidates: Candidates = candidates

    def find(self, text: str) -> list[PiiMatch]:
        """What was found in `text`, by position; of two that overlap, the surer one."""
        spans = without_overlaps(self._candidates(narrowed(text), self._regions))
        return [
            PiiMatch(
                span.type,
                span.start,
                span.end,
                text[span.start : span.end],
                "patterns",
                span.confidence,
            )
            for span in spans
        ]
