"""Personal data by validated patterns; names and addresses where words or their form tell them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engines.privacy.model import PiiMatch
from engines.privacy.pii.contact.addresses import find_addresses
from engines.privacy.pii.contact.online import find_emails, find_ip_addresses, find_urls
from engines.privacy.pii.contact.people import find_names
from engines.privacy.pii.contact.phones import find_phones
from engines.privacy.pii.numbers.accounts import find_cards, find_ibans, find_ssns
from engines.privacy.pii.numbers.documents import find_birth_dates, find_passports, find_plates
from engines.privacy.pii.numbers.national import find_national_numbers
from engines.privacy.pii.ocr import digitised, narrowed
from engines.privacy.pii.spans import Span, without_overlaps


class PatternPii:
    """Searches text as OCR gives it. Pure and safe to share between threads."""

    knows_names = False

    def __init__(self, phone_regions: Sequence[str]) -> None:
        self._regions = tuple(phone_regions)

    def find(self, text: str) -> list[PiiMatch]:
        spans = without_overlaps(self._candidates(narrowed(text)))
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

    def _candidates(self, text: str) -> Iterator[Span]:
        """In order of trust: of two that overlap, the earlier wins."""
        digits = digitised(text)
        yield from find_emails(text)
        yield from find_urls(text)
        yield from find_passports(text)
        yield from find_ibans(text)
        yield from find_national_numbers(text)
        yield from find_national_numbers(digits)
        yield from find_cards(digits)
        yield from find_birth_dates(digits)
        yield from find_ssns(digits)
        yield from find_plates(text)
        yield from find_ip_addresses(digits)
        yield from find_addresses(text)
        yield from find_phones(digits, self._regions)
        yield from find_names(text)
