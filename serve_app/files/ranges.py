"""The part of an object that a request asks for: `Range` and the conditions of RFC 9110,
sections 13, 14."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Part:
    """What to answer: the status, and `length` bytes beginning at byte `start`."""

    status: int
    start: int
    length: int

    def headers(self, size_bytes: int) -> dict[str, str]:
        """`Content-Length` and `Content-Range` for an object of `size_bytes` bytes."""
        if self.status == 304:
            return {}
        if self.status == 416:
            return {"Content-Range": f"bytes */{size_bytes}", "Content-Length": "0"}
        headers = {"Content-Length": str(self.length)}
        if self.status == 206:
            end = self.start + self.length - 1
            headers["Content-Range"] = f"bytes {self.start}-{end}/{size_bytes}"
        return headers


def wanted_part(
    headers: Mapping[str, str], size_bytes: int, etag: str, modified_at: datetime
) -> Part:
    """The part that the request's headers (names in lower case) ask for.

    `etag` includes its quotes. Ranges that are not supported (several ranges, other units) are
    answered with the whole object, as the RFC allows.
    """
    whole = Part(200, 0, size_bytes)
    if _is_known(headers, etag, modified_at):
        return Part(304, 0, 0)
    found = _ONE_RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if found is None or not _range_applies(headers, etag, modified_at):
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), size_bytes)
        return Part(206, size_bytes - length, length) if length else Part(416, 0, 0)
    start = int(first)
    if last and int(last) < start:
        return whole  # An invalid range is ignored.
    if start >= size_bytes:
        return Part(416, 0, 0)
    end = min(int(last), size_bytes - 1) if last else size_bytes - 1
    return Part(206, start, end - start + 1)


def http_date(moment: datetime) -> str:
    """The time in the format of HTTP headers, to the second."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _is_known(headers: Mapping[str, str], etag: str, modified_at: datetime) -> bool:
    """Whether the client already has this version."""
    known = headers.get("if-none-match")
    if known is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        return "*" in tags or etag in tags
    since = _date(headers.get("if-modified-since"))
    return since is not None and modified_at.replace(microsecond=0) <= since


def _range_applies(headers: Mapping[str, str], etag: str, modified_at: datetime) -> bool:
    """`If-Range`: the range is valid only for the version of which the client has the other
    parts."""
    version = headers.get("if-range")
    if version is None:
        return True
    if version.startswith('"'):
        return version.strip() == etag
    return _date(version) == modified_at.replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    """The date; None if it is invalid, before the year 1 or after 9999."""
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
