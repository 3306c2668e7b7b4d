"""Parse the times in the files beside images."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_of(text: str) -> datetime:
    """The UTC time of an ISO 8601 text. A text without a time zone is in this machine's zone.

    Raises:
        ValueError: the text is not a time, or is outside the years 1 to 9999 in UTC.
    """
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, OverflowError) as error:
        raise ValueError("not a moment in time") from error
