"""Where the service listens, and errors as values."""

from __future__ import annotations

import copy
import pickle

import pytest

from inferloop_synthdata import errors
from inferloop_synthdata.errors import (
    ERROR_BY_CODE,
    ApiError,
    ClientError,
    ConnectionFailed,
    RequestTimedOut,
    ServerError,
    UnexpectedAnswer,
    error_class,
)
from inferloop_synthdata.transport.address import ServiceAddress

ADDRESSES = {
    "http://localhost:8000": "http://localhost:8000/api/v1",
    "http://localhost:8000/": "http://localhost:8000/api/v1",
    "http://localhost:8000/api/v1": "http://localhost:8000/api/v1",
    "http://localhost:8000/api/v1/": "http://localhost:8000/api/v1",
    "  http://localhost:8000\n": "http://localhost:8000/api/v1",
    "HTTPS://Images.example.com": "https://Images.example.com/api/v1",
    "https://host/images": "https://host/images/api/v1",
    "https://host/images/api/v1": "https://host/images/api/v1",
    "https://host/api/v1/images": "https://host/api/v1/images/api/v1",
    "http://[::1]:8000": "http://[::1]:8000/api/v1",
    "http://10.0.0.1": "http://10.0.0.1/api/v1",
}
REFUSED = [
    *("", " ", "localhost:8000", "ftp://host", "http://", "http:///path", "//host", "host"),
    *("http://user@host", "http://user:secret@host", "http://host?x=1", "http://host#x"),
    *("ws://host", "file:///etc/passwd", "http://[::1"),
]


@pytest.mark.parametrize("given", ADDRESSES)
def test_an_address_may_be_written_in_many_ways(given: str) -> None:
    assert ServiceAddress.of(given).rest == ADDRESSES[given]
    assert ServiceAddress.of(ADDRESSES[given]).rest == ADDRESSES[given]


@pytest.mark.parametrize("given", REFUSED)
def test_what_is_no_address_is_said_without_its_password(given: str) -> None:
    with pytest.raises(ValueError) as refused:
        ServiceAddress.of(given)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "socket", "root"),
    [
        ("http://host:8000", "ws://host:8000/api/v1/ws/generation", "http://host:8000"),
        ("https://host/images", "wss://host/images/api/v1/ws/generation", "https://host/images"),
    ],
)
def test_the_socket_and_the_root_lie_beside_the_api(given: str, socket: str, root: str) -> None:
    address = ServiceAddress.of(given)
    assert (address.socket, address.root) == (socket, root)


# Errors


@pytest.mark.parametrize("code", ERROR_BY_CODE)
def test_every_code_has_a_class_of_its_own(code: str) -> None:
    for status in (None, 400, 503):
        assert error_class(code, status) is ERROR_BY_CODE[code]
    assert issubclass(ERROR_BY_CODE[code], ApiError)
    assert list(ERROR_BY_CODE.values()).count(ERROR_BY_CODE[code]) == 1


@pytest.mark.parametrize(
    ("status", "family"),
    [(None, ApiError), (400, ApiError), (499, ApiError), (500, ServerError), (599, ServerError)],
)
def test_a_code_of_tomorrow_is_told_by_its_status(
    status: int | None, family: type[ApiError]
) -> None:
    assert error_class("BRAND_NEW", status) is family


def test_the_table_of_codes_never_changes() -> None:
    with pytest.raises(TypeError):
        ERROR_BY_CODE["NEW"] = ApiError  # type: ignore[index]


def test_every_class_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for each in vars(errors).values():
        if isinstance(each, type) and issubclass(each, ClientError):
            assert each.__name__ in drawn


EXAMPLES: list[ClientError] = [
    ConnectionFailed("Cannot connect", request_sent=False),
    RequestTimedOut("No answer", request_sent=True),
    UnexpectedAnswer("A proxy's page"),
    errors.NotFound("NOT_FOUND", 404, "Image not found: x", {"name": "x"}, None, "r1"),
    errors.RateLimited("RATE_LIMITED", 429, "later", {"retry_after_s": 2.5}, 2.5),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_can_be_pickled_and_copied(error: ClientError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))
        assert vars(again) == vars(error)


def test_details_of_an_error_are_its_own() -> None:
    given: dict[str, errors.JsonValue] = {"name": "x"}
    error = errors.NotFound("NOT_FOUND", 404, "x", given)
    given["name"] = "y"
    assert error.details == {"name": "x"}
    assert ApiError("X", None, "y").details == {}


def test_an_error_is_one_line_that_begins_with_its_code() -> None:
    assert str(EXAMPLES[3]) == "NOT_FOUND: Image not found: x"
    assert str(EXAMPLES[0]) == "Cannot connect"
