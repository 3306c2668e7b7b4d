"""Personal data by validated patterns; names and addresses where words or their form tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from engines.privacy.model import PiiMatch
from engines.privacy.pii.ocr import narrowed, unhidden
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
        spans = without_overlaps(self._spans(text))
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

    def _spans(self, text: str) -> Iterator[Span]:
        """Of the text as a reader sees it; where it hides characters, then of the text as it is, in
        which they part words."""
        if not text.isascii():
            seen, places = unhidden(text)
            if len(seen) < len(text):
                for span in self._candidates(narrowed(seen), self._regions):
                    end = places[span.end - 1] + 1
                    yield span._replace(start=places[span.start], end=end)
        yield from self._candidates(narrowed(text), self._regions)
