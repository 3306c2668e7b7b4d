"""The client's sense without its sockets: what to send next, and what came of it.

`converse` is a generator that yields each `Attempt` and is sent its outcome; the sync and the
async client only carry attempts out. So there is one retry loop and one reading of answers.
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
"""What came of an attempt: an answer of any status, or why there is none."""

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
"""For answers without an envelope (a proxy's): only where the status leaves no doubt."""


_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """Wait `after_s` seconds, then send the operation."""

    operation: Operation[T]
    after_s: float


def converse(operation: Operation[T], policy: RetryPolicy) -> Generator[Attempt[T], Outcome, T]:
    """Attempts until one succeeds or the policy gives up; returns the parsed answer."""
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
    """None for a success; else the `ApiError` of its envelope, or of its bare status."""
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
    """The typed error of an envelope's `error` object.

    `status` is None where the error came inside an answer that had begun, or over a WebSocket.
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
    """Seconds of a `Retry-After` header: a number, or a date held against the server's `Date`
    (RFC 9110, 10.2.3), so that this machine's clock does not matter."""
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
    except OverflowError:  # an integer beyond every float
        return None
