"""The error tree: every code its class, no secret in any message."""

from __future__ import annotations

import pickle
import ssl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inferloop_synthdata as sdk
from inferloop_synthdata.errors import ERROR_BY_CODE
from inferloop_synthdata.operations.operation import Reply
from inferloop_synthdata.transport.conversation import failure_of, retry_after
from serve_app.errors import WIRE
from tests.sdk.conftest import KEY, Caller


def reply(status: int, content: bytes = b"", **headers: str) -> Reply:
    return Reply(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, content
    )


def test_every_code_of_the_service_has_its_class() -> None:
    # METHOD_NOT_ALLOWED would be a bug of this package, not something to catch.
    assert set(WIRE) - {"METHOD_NOT_ALLOWED"} == set(ERROR_BY_CODE)


@pytest.mark.parametrize("code", sorted(ERROR_BY_CODE))
def test_the_envelope_becomes_the_typed_error(caller: Caller, code: str) -> None:
    envelope = {"error": {"code": code, "message": "No.", "details": {"parameter": "width"}}}
    caller.max_retries = 0

    def handler(request: httpx.Request) -> httpx.Response:
        headers = {"Retry-After": "7", "X-Request-ID": "req_1"}
        return httpx.Response(WIRE[code].status, json=envelope, headers=headers)

    with pytest.raises(ERROR_BY_CODE[code]) as caught:
        caller.call(handler, "generate_image", prompt="p")

    error = caught.value
    assert isinstance(error, sdk.ApiError)
    assert (error.code, error.status, error.message) == (code, WIRE[code].status, "No.")
    assert error.details == {"parameter": "width"}
    assert error.retry_after_s == 7.0
    assert error.request_id == "req_1"
    assert str(error) == f"{code}: No."


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, sdk.Unauthorized, "UNAUTHORIZED"),
        (403, sdk.Forbidden, "FORBIDDEN"),
        (404, sdk.NotFound, "NOT_FOUND"),
        (429, sdk.RateLimited, "RATE_LIMITED"),
        (502, sdk.ServerError, "HTTP_502"),
        (503, sdk.ServerError, "HTTP_503"),
        (418, sdk.ApiError, "HTTP_418"),
    ],
)
@pytest.mark.parametrize("content", [b"<html>", b"", b"[1]", b'{"error": "text"}', b"\xff"])
def test_a_proxys_answer_is_told_by_its_status(
    status: int, kind: type[sdk.ApiError], code: str, content: bytes
) -> None:
    error = failure_of(reply(status, content))
    assert type(error) is kind
    assert isinstance(error, sdk.ApiError)
    assert error.code == code


def test_a_redirect_is_not_followed_with_the_key(caller: Caller) -> None:
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/"})

    with pytest.raises(sdk.UnexpectedAnswer, match="redirects"):
        caller.call(handler, "list_profiles")
    assert seen == ["service.test"]


def test_errors_survive_pickling() -> None:
    error = sdk.RateLimited("RATE_LIMITED", 429, "Wait", {"a": 1}, 3.0, "req")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is sdk.RateLimited
    assert vars(again) == vars(error)
    lost = pickle.loads(pickle.dumps(sdk.ConnectionFailed("cut", True)))
    assert (str(lost), lost.request_sent) == ("cut", True)


@pytest.mark.parametrize(
    ("raised", "kind", "sent"),
    [
        (httpx.ConnectError(f"no {KEY}"), sdk.ConnectionFailed, False),
        (httpx.ConnectTimeout("late"), sdk.ConnectionFailed, False),
        (httpx.PoolTimeout("busy"), sdk.ConnectionFailed, False),
        (httpx.ProxyError("proxy"), sdk.ConnectionFailed, False),
        (httpx.ReadTimeout("late"), sdk.RequestTimedOut, True),
        (httpx.WriteTimeout("late"), sdk.RequestTimedOut, True),
        (httpx.ReadError("cut"), sdk.ConnectionFailed, True),
        (httpx.RemoteProtocolError("cut"), sdk.ConnectionFailed, True),
    ],
)
def test_foreign_errors_stay_outside(
    caller: Caller, raised: httpx.TransportError, kind: type[sdk.ConnectionFailed], sent: bool
) -> None:
    caller.max_retries = 0

    def handler(request: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(sdk.ConnectionFailed) as caught:
        caller.call(handler, "generate_image", prompt="p")
    assert type(caught.value) is kind
    assert caught.value.request_sent is sent
    assert KEY not in str(caught.value)
    assert "service.test" in str(caught.value)


def test_a_broken_encoding_is_an_unexpected_answer(caller: Caller) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip")
        )

    with pytest.raises(sdk.UnexpectedAnswer):
        caller.call(handler, "list_profiles")


def test_nothing_shows_the_key() -> None:
    client = sdk.SyntheticImageClient(api_key=KEY)
    for shown in (repr(client), str(client), repr(client._connection)):
        assert KEY not in shown


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry_after": "12"}, 12.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        (
            {
                "retry_after": "Sun, 06 Nov 1994 08:50:07 GMT",
                "date": "Sun, 06 Nov 1994 08:49:37 GMT",
            },
            30.0,
        ),
        (
            {
                "retry_after": "Sun, 06 Nov 1994 08:49:00 GMT",
                "date": "Sun, 06 Nov 1994 08:49:37 GMT",
            },
            0.0,
        ),
        (
            {
                "retry_after": "Sun, 06 Nov 99999999999999999999 08:49:00 GMT",
                "date": "Sun, 06 Nov 1994 08:49:37 GMT",
            },
            None,
        ),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(reply(429, b"", **headers).headers) == expected


def test_retry_after_stands_in_the_details_where_there_is_no_header() -> None:
    content = b'{"error": {"code": "OVERLOADED", "message": "m", "details": {"retry_after_s": 2}}}'
    error = failure_of(reply(503, content))
    assert isinstance(error, sdk.Overloaded)
    assert error.retry_after_s == 2.0


@pytest.mark.slow
@given(
    status=st.integers(400, 599),
    content=st.binary(max_size=200),
    after=st.one_of(st.none(), st.text(st.characters(codec="latin-1"), max_size=40)),
    date=st.text(st.characters(codec="latin-1"), max_size=40),
)
def test_no_answer_breaks_the_reading(
    status: int, content: bytes, after: str | None, date: str
) -> None:
    headers = {"date": date} | ({} if after is None else {"retry-after": after})
    error = failure_of(Reply(status, headers, content))
    assert isinstance(error, sdk.ApiError)
    assert error.status == status
    assert error.retry_after_s is None or 0 <= error.retry_after_s < float("inf")


def test_a_certificate_that_is_wrong_is_a_connection_that_failed() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(str(ssl.SSLCertVerificationError("bad certificate")))

    with pytest.raises(sdk.ConnectionFailed):
        Caller(kind="sync").call(handler, "list_profiles")
