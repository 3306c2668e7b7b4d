"""What `Prefer` and `Idempotency-Key` mean."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from engines.errors import InvalidParameters
from serve_app.durable.asked import Asked, digest_of

JSON = "application/json"


def asked(*prefer: str, key: str | None = None) -> Asked:
    pairs = [("prefer", value) for value in prefer]
    return Asked.of(Headers(raw=[(n.encode(), v.encode()) for n, v in pairs] + _key(key)))


def _key(key: str | None) -> list[tuple[bytes, bytes]]:
    return [] if key is None else [(b"idempotency-key", key.encode())]


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        (["respond-async"], True),
        (["Respond-Async"], True),
        (["return=minimal, respond-async"], True),
        (["return=minimal", "respond-async; wait=10"], True),
        (["respond-async, wait=100"], True),
        (["respond-sync"], False),
        (["return=respond-async"], False),
        (["handling=lenient"], False),
        ([""], False),
        ([], False),
    ],
)
def test_a_request_is_asynchronous_by_its_preference(prefer: list[str], wanted: bool) -> None:
    assert asked(*prefer).respond_async is wanted


def test_what_was_applied_is_said() -> None:
    assert asked("respond-async").applied() == "respond-async"
    both = asked('respond-async, priority="low"', "previews")
    assert both.applied() == "respond-async, priority=low, previews"


def test_the_first_of_two_preferences_counts() -> None:
    assert asked("respond-async, priority=low, priority=high").priority == "low"


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(InvalidParameters, match="low, normal, high"):
        asked("respond-async, priority=urgent")


@pytest.mark.parametrize("key", ["a", "5b1f7c3e-8a55-4d1c-9d3e-0c5d1c1b7f10", "k" * 255, '"', "~!"])
def test_a_key_of_printable_characters_is_taken(key: str) -> None:
    assert asked(key=key).idempotency_key == key


def test_a_quoted_key_is_the_key_without_quotes() -> None:
    assert asked(key='"abc"').idempotency_key == "abc"


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "\x01", "ü", '"a b"'])
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(InvalidParameters, match="Idempotency-Key"):
        asked(key=key)


def test_the_same_json_in_other_words_is_the_same_request() -> None:
    one = digest_of("/p", "", b'{"a": 1, "b": [1, 2]}', JSON)
    assert one == digest_of("/p", "", b'{"b":[1,2],\n"a":1}', JSON)
    others = [
        digest_of("/p", "", b'{"a": 1, "b": [2, 1]}', JSON),
        digest_of("/p", "", b'{"a": 1}', JSON),
        digest_of("/q", "", b'{"a": 1, "b": [1, 2]}', JSON),
        digest_of("/p", "folder=x", b'{"a": 1, "b": [1, 2]}', JSON),
    ]
    assert len({one, *others}) == 5


def test_a_form_sent_again_has_another_boundary_and_is_the_same() -> None:
    def form(boundary: str, content: str) -> str:
        body = f"--{boundary}\r\nContent-Disposition: form-data; name=file\r\n\r\n{content}"
        sent = f'multipart/form-data; boundary="{boundary}"'
        return digest_of("/images", "", f"{body}\r\n--{boundary}--".encode(), sent)

    assert form("aaa1", "PNG") == form("bbb2", "PNG")
    assert form("aaa1", "PNG") != form("aaa1", "GIF")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b"{not json"])
def test_any_bytes_have_a_digest(body: bytes) -> None:
    assert digest_of("/p", "", body, JSON) != digest_of("/p", "", body + b"x", JSON)
