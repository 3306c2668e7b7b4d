"""The client's logic without network access: what to send next, and how to read the answer.

`converse` is a generator. It yields each `Attempt`, and its caller sends back the outcome. The sync
and the async client only send the requests, so that both share one retry loop and one reader of
answers.
"""

from __future__ import annotations

import email.utils
import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from inferloop_synthdata.errors import (
    ApiError,
    ClientError,
    InvalidParameters,
    JsonValue,
    UnexpectedAnswer,
    error_class,
)
from inferloop_synthdata.operations.operation import Operation, Reply, json_object
from inferloop_synthdata.transport.retry import RetryPolicy

T = TypeVar("T")

Outcome = Reply | ClientError
"""The outcome of an attempt: an answer with any status, or the error why there is none."""

_CODE_BY_STATUS = MappingProxyType(
    {
        401: "UNAUTHORIZED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        405: "METHOD_NOT_ALLOWED",
        413: "PAYLOAD_TOO_LARGE",
        415: "UNSUPPORTED_MEDIA_TYPE",
        429: "RATE_LIMITED",
    }
)
"""Codes for errors that are not in the service's JSON form, for example those of a proxy. Only
statuses with a clear meaning are here."""


_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """Wait `after_s` seconds, then send the operation."""

    operation: Operation[T]
    after_s: float


def converse(operation: Operation[T], policy: RetryPolicy) -> Generator[Attempt[T], Outcome, T]:
    """Yield attempts until one succeeds, and return the parsed answer. Raises `ClientError` if the
    policy allows no further attempt."""
    retries, after_s = 0, 0.0
    while True:
        outcome = yield Attempt(operation, after_s)
        failure = outcome if isinstance(outcome, ClientError) else failure_of(outcome)
        if failure is None:
            assert isinstance(outcome, Reply)
            return operation.parse(outcome)
        wait_s = policy.wait_before_retry(failure, operation.repeatable, retries)
        if wait_s is None:
            _advise(failure, operation.advice)
            raise failure
        retries, after_s = retries + 1, wait_s


def _advise(failure: ClientError, advice: Mapping[str, str]) -> None:
    if isinstance(failure, InvalidParameters):
        words = advice.get(str(failure.details.get("parameter")))
        if words is not None:
            failure.add_note(words)


def failure_of(reply: Reply) -> ClientError | None:
    """The error of an answer, from its JSON body or from its status alone. None for a success."""
    if reply.is_success:
        return None
    if 300 <= reply.status < 400:
        return UnexpectedAnswer(f"The server redirects (status {reply.status}): check base_url")
    try:
        envelope = json_object(reply).get("error")
    except UnexpectedAnswer:
        envelope = None
    return api_error(envelope, reply.status, reply.headers)


def api_error(
    envelope: JsonValue, status: int | None = None, headers: Mapping[str, str] = _NO_HEADERS
) -> ApiError:
    """The typed error for the `error` object of an answer.

    `status` is None if the error came in the middle of an answer, or over a WebSocket.
    """
    fields = envelope if isinstance(envelope, dict) else {}
    details = fields.get("details")
    details = details if isinstance(details, dict) else {}
    code = str(fields.get("code") or _CODE_BY_STATUS.get(status or 0) or f"HTTP_{status}")
    message = str(fields.get("message") or f"The server answered with status {status}")
    retry_after_s = retry_after(headers)
    if retry_after_s is None:
        retry_after_s = _seconds(details.get("retry_after_s"))
    request_id = headers.get("x-request-id")
    return error_class(code, status)(code, status, message, details, retry_after_s, request_id)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in a `Retry-After` header (RFC 9110, section 10.2.3). A date is compared with the
    server's `Date` header, so that the local clock does not matter. None if it cannot be read."""
    text = headers.get("retry-after", "")
    number = _number(text)
    return _seconds_until(text, headers.get("date", "")) if number is None else _seconds(number)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds_until(date: str, now: str) -> float | None:
    try:
        apart = email.utils.parsedate_to_datetime(date) - email.utils.parsedate_to_datetime(now)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, apart.total_seconds())


def _seconds(number: JsonValue) -> float | None:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        return max(0.0, float(number)) if math.isfinite(number) else None
    except OverflowError:  # an integer that is too large for a float
        return None
