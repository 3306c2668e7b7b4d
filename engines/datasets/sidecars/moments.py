"""Moments in time, as they stand in the files beside images."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_of(text: str) -> datetime:
    """The moment of an ISO 8601 text, in UTC; without a zone it is of this machine's.

    Raises:
        ValueError: there is none in the text, or it lies outside the years 1 to 9999 in UTC.
    """
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, OverflowError) as error:
        raise ValueError("not a moment in time") from error
