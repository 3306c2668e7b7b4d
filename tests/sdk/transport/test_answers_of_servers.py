"""Answers of any server as values, and what a connection refuses before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from inferloop_synthdata import answers
from inferloop_synthdata.errors import (
    ApiError,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    ServerError,
    UnexpectedAnswer,
)
from inferloop_synthdata.operations.batches import batch_calls, new_key
from inferloop_synthdata.operations.operation import Reply, Upload, parse_object, read_answer
from inferloop_synthdata.operations.parts import delete, given, listed, segment
from inferloop_synthdata.transport.connection import Connection
from inferloop_synthdata.transport.conversation import api_error, failure_of, retry_after


def reply(status: int, body: object = None, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): v for name, v in headers.items()}, content)


# Failures


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_no_failure(status: int) -> None:
    assert failure_of(reply(status)) is None


@pytest.mark.parametrize("status", [300, 301, 307, 399])
def test_a_redirect_is_not_followed_but_told(status: int) -> None:
    failure = failure_of(reply(status))
    assert isinstance(failure, UnexpectedAnswer)
    assert "base_url" in str(failure)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"error": 3}', b'{"error": {}}', b"\xff"]
)
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (404, NotFound, "NOT_FOUND"),
        (413, PayloadTooLarge, "PAYLOAD_TOO_LARGE"),
        (418, ApiError, "HTTP_418"),
        (500, ServerError, "HTTP_500"),
        (502, ServerError, "HTTP_502"),
    ],
)
def test_a_proxys_page_is_told_by_its_status(
    body: bytes, status: int, kind: type[ApiError], code: str
) -> None:
    failure = failure_of(reply(status, body))
    assert type(failure) is kind
    assert isinstance(failure, ApiError)
    assert (failure.code, failure.status, failure.details) == (code, status, {})


def test_an_envelope_is_told_by_its_code_whatever_the_status() -> None:
    envelope = {"code": "OVERLOADED", "message": "full", "details": {"retry_after_s": 2}}
    failure = failure_of(reply(503, {"error": envelope}, x_request_id="r1"))
    assert isinstance(failure, Overloaded)
    assert (failure.message, failure.retry_after_s, failure.request_id) == ("full", 2.0, "r1")


@pytest.mark.parametrize("details", [None, [], "x", 3])
def test_details_that_are_none_are_empty(details: Any) -> None:
    assert api_error({"code": "CONFLICT", "message": "m", "details": details}).details == {}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("3", 3.0), ("0.5", 0.5), ("0", 0.0), ("-4", 0.0), (" 2 ", 2.0)),
        *(("", None), ("soon", None), ("nan", None), ("inf", None), ("1e400", None)),
    ],
)
def test_a_retry_after_is_seconds_or_nothing(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


def test_the_header_goes_before_the_details() -> None:
    envelope: dict[str, Any] = {"code": "OVERLOADED", "details": {"retry_after_s": 9}}
    assert api_error(envelope, 503, {"retry-after": "1"}).retry_after_s == 1
    assert api_error(envelope, 503, {}).retry_after_s == 9
    envelope["details"]["retry_after_s"] = True
    assert api_error(envelope, 503, {}).retry_after_s is None


# Answers


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"a"', b"\xff", "[" * 100_000])
def test_what_is_no_object_is_none(text: str | bytes) -> None:
    assert parse_object(text) is None


def test_an_answer_that_lacks_a_key_says_which() -> None:
    parse = read_answer(answers.UploadedImage, "image_path", "size_bytes")
    with pytest.raises(UnexpectedAnswer, match="lacks size_bytes"):
        parse(reply(200, {"image_path": "/data/a.png"}))
    with pytest.raises(UnexpectedAnswer, match="is base_url right"):
        parse(reply(200, b"<html>"))


def test_an_answer_knows_its_request_and_the_model_that_served_it() -> None:
    parse = read_answer(answers.GeneratedImage, "image_path")
    found = parse(reply(200, {"image_path": "x"}, x_request_id="r1", x_served_model="mini"))
    assert (found.request_id, found.served_model) == ("r1", "mini")
    told = parse(reply(200, {"image_path": "x", "served_model": "own"}, x_served_model="mini"))
    assert told.served_model == "own"


# Requests


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_a_patience_that_cannot_be_is_refused_before_anything_is_sent(timeout_s: float) -> None:
    """A socket cannot wait for ever: it would fail at the first call."""
    with pytest.raises(ValueError, match="timeout_s"):
        Connection.of("key", "http://host", timeout_s)


@pytest.mark.parametrize("key", ["", "a\nb", "schlüssel", "a\x00", "\t"])
def test_a_key_that_no_header_can_hold_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII") as refused:
        Connection.of(key, "http://host", 1)
    assert not key or key not in str(refused.value)


def test_the_key_is_in_a_header_and_in_no_words() -> None:
    made = Connection.of("secret-key", "http://host", 1)
    assert made.headers()["X-API-Key"] == "secret-key"
    assert "secret-key" not in repr(made)


@pytest.mark.parametrize(("timeout_s", "connect_s"), [(300, 10), (2, 2), (10, 10)])
def test_connecting_is_given_less_time_than_working(timeout_s: float, connect_s: float) -> None:
    timeout = Connection.of("k", "http://host", timeout_s).timeout()
    assert (timeout.read, timeout.connect) == (timeout_s, connect_s)


def test_events_are_asked_for_behind_the_last_one() -> None:
    made = Connection.of("k", "http://host", 1)
    with httpx.Client() as http:
        request = made.events_request(http, "a/b", 7)
    assert request.url.raw_path == b"/api/v1/jobs/a%2Fb/events"
    assert request.headers["Last-Event-ID"] == "7"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "a"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("ä", "%C3%A4"),
        ("%2e", "%252e"),
        ("...", "..."),
    ],
)
def test_a_name_is_one_segment_of_a_path(name: str, path: str) -> None:
    assert segment(name) == path


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_means_another_route_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        segment(name)


def test_only_what_was_given_is_sent() -> None:
    assert given(a=None, b=0, c=False, d="", e=[]) == {"b": 0, "c": False, "d": "", "e": []}
    assert listed(None) is None
    assert listed(("a", "b")) == ["a", "b"]
    assert delete("/x").repeatable


def test_an_upload_is_a_file_or_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    assert Upload("a.png", tmp_path / "a.png").read() == Upload("a.png", b"x").read() == b"x"
    with pytest.raises(FileNotFoundError):
        Upload("b.png", tmp_path / "b.png").read()


# Long lists


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_a_list_of_prompts_is_cut_and_loses_none(count: int) -> None:
    prompts = [f"p{n}" for n in range(count)]
    calls = list(batch_calls(prompts, "key", prompts_per_call=4, seed=100))
    bodies = [call.body or {} for call in calls]
    assert [p for body in bodies for p in body["prompts"]] == prompts  # type: ignore[union-attr]
    assert [body["seed"] for body in bodies] == [100 + 4 * n for n in range(len(calls))]
    keys = [call.headers["Idempotency-Key"] for call in calls]
    assert keys == [f"key-{n}" for n in range(len(calls))]


def test_progress_is_counted_over_all_calls() -> None:
    heard: list[tuple[int, int]] = []
    calls = batch_calls(["a"] * 5, "k", None, 2, lambda done, total: heard.append((done, total)))
    for call in calls:
        call.report(1, 2)
    assert heard == [(1, 5), (3, 5), (5, 5)]


def test_a_list_without_a_key_gets_one_of_its_own() -> None:
    assert len({new_key() for _ in range(20)}) == 20
