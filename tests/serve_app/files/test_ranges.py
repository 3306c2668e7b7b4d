"""Ranges and conditions, by RFC 9110."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from serve_app.files.ranges import Part, http_date, wanted_part

SIZE = 100
ETAG = '"v1"'
MODIFIED = datetime(2025, 5, 15, 14, 30, 0, 700_000, tzinfo=UTC)
WHOLE = Part(200, 0, SIZE)
UNKNOWN = Part(304, 0, 0)


def part(size_bytes: int = SIZE, **headers: str) -> Part:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wanted_part(named, size_bytes, ETAG, MODIFIED)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-0", Part(206, 0, 1)),
        ("bytes=0-9", Part(206, 0, 10)),
        ("bytes=90-", Part(206, 90, 10)),
        ("bytes=90-1000", Part(206, 90, 10)),
        ("bytes=-10", Part(206, 90, 10)),
        ("bytes=-1000", Part(206, 0, SIZE)),
        ("bytes=100-", Part(416, 0, 0)),
        ("bytes=500-600", Part(416, 0, 0)),
        ("bytes=-0", Part(416, 0, 0)),
        ("bytes=9-0", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=" + "9" * 5000 + "-", WHOLE),
        ("", WHOLE),
    ],
)
def test_a_range(asked: str, expected: Part) -> None:
    assert part(range=asked) == expected


def test_an_empty_file_has_no_range() -> None:
    assert part(0, range="bytes=0-") == Part(416, 0, 0)
    assert part(0) == Part(200, 0, 0)


@pytest.mark.parametrize("known", [ETAG, '"x", "v1"', 'W/"v1"', "*"])
def test_a_version_that_the_client_has_is_not_sent_again(known: str) -> None:
    assert part(if_none_match=known, range="bytes=0-9") == UNKNOWN


def test_another_version_is_sent() -> None:
    assert part(if_none_match='"v0"', if_modified_since=http_date(MODIFIED)) == WHOLE


def test_dates_count_to_the_second() -> None:
    later, earlier = MODIFIED + timedelta(seconds=5), MODIFIED - timedelta(seconds=5)
    assert part(if_modified_since=http_date(MODIFIED)) == UNKNOWN
    assert part(if_modified_since=http_date(later)) == UNKNOWN
    assert part(if_modified_since=http_date(earlier)) == WHOLE
    assert part(if_modified_since="yesterday") == WHOLE


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -2359",  # in UTC it is in the year 10000
        "Mon, 01 Jan 2020 00:00:00 +9999999999999",
        "Mon, 01 Jan 2020 00:00:00 +2460",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 99 Jan 2020 99:99:99 GMT",
    ],
)
def test_a_date_that_no_calendar_has_is_no_condition(date: str) -> None:
    assert part(if_modified_since=date) == WHOLE


@pytest.mark.parametrize(
    ("version", "applies"),
    [
        (ETAG, True),
        ('"v0"', False),
        ('W/"v1"', False),
        (http_date(MODIFIED), True),
        (http_date(MODIFIED + timedelta(seconds=5)), False),
        ("nonsense", False),
        ("Fri, 31 Dec 9999 23:59:59 -2359", False),
        ("Mon, 01 Jan 2020 00:00:00 +9999999999999", False),
    ],
)
def test_a_range_of_another_version_is_the_whole(version: str, applies: bool) -> None:
    assert part(range="bytes=0-9", if_range=version) == (Part(206, 0, 10) if applies else WHOLE)


def test_the_headers_of_a_part() -> None:
    assert Part(206, 90, 10).headers(SIZE) == {
        "Content-Length": "10",
        "Content-Range": "bytes 90-99/100",
    }
    assert Part(416, 0, 0).headers(SIZE)["Content-Range"] == "bytes */100"
    assert WHOLE.headers(SIZE) == {"Content-Length": "100"}
    assert UNKNOWN.headers(SIZE) == {}
