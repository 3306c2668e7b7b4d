"""Events of a job in whatever pieces and line ends they arrive."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferloop_synthdata.errors import (
    ConnectionFailed,
    NotFound,
    Overloaded,
    UnexpectedAnswer,
)
from inferloop_synthdata.operations.operation import Reply
from inferloop_synthdata.transport.event_stream import EventStream, JobEvent
from inferloop_synthdata.transport.retry import RetryPolicy

CALM = RetryPolicy(random=lambda: 0.0)


def stream(after_seq: int = 0, max_event_bytes: int = 2**20) -> EventStream:
    made = EventStream(after_seq, CALM, max_event_bytes)
    assert made.begin(200)
    return made


def block(seq: int, kind: str, data: object, newline: str = "\n") -> bytes:
    lines = [f"id: {seq}", f"event: {kind}", f"data: {json.dumps(data, ensure_ascii=False)}"]
    return (newline.join(lines) + 2 * newline).encode()


def heard(content: bytes) -> list[JobEvent]:
    return stream().receive(content)


def test_an_event_has_its_number_its_type_and_its_data() -> None:
    assert heard(block(3, "progress", {"done": 1})) == [JobEvent(3, "progress", {"done": 1})]


@given(st.lists(st.integers(0, 400), max_size=12))
@settings(max_examples=60)
def test_cuts_anywhere_change_nothing(cuts: list[int]) -> None:
    whole = b": hello\n\n" + b"".join(block(n, "progress", {"text": "鳥 🦊"}) for n in range(1, 5))
    places = sorted({0, *(cut % len(whole) for cut in cuts), len(whole)})
    reader, found = stream(), list[JobEvent]()
    for start, end in pairwise(places):
        found += reader.receive(whole[start:end])
    assert [event.seq for event in found] == [1, 2, 3, 4]
    assert {event.data["text"] for event in found} == {"鳥 🦊"}


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x1c", "\x0b", "\x0c"])
def test_a_prompt_may_hold_what_python_calls_a_line_end(mark: str) -> None:
    """Lines of an event end with CR, LF or both, and with nothing else."""
    data = f'data: {{"prompt": "a fox{mark}in a wood"}}'.encode()
    if mark < "\x20":  # JSON escapes it
        data = data.replace(mark.encode(), json.dumps(mark)[1:-1].encode())
    (event,) = heard(b"id: 1\nevent: ended\n" + data + b"\n\n")
    assert event.data["prompt"] == f"a fox{mark}in a wood"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_may_end_as_a_proxy_likes_them(newline: str) -> None:
    content = block(1, "progress", {"done": 1}, newline) + block(2, "ended", {}, newline)
    assert [event.type for event in heard(content)] == ["progress", "ended"]


@pytest.mark.parametrize("comment", [b": keep\n\n", b":\n\n", b"\n\n", b": a\n: b\n\n"])
def test_a_comment_is_no_event(comment: bytes) -> None:
    reader = stream(after_seq=7)
    assert reader.receive(comment) == []
    assert (reader.last_seq, reader.ended) == (7, False)


@pytest.mark.parametrize(
    "content",
    [
        b"id: 1\n\n",
        b"data: {}\n\n",
        b"id: x\ndata: {}\n\n",
        b"id: -1\ndata: {}\n\n",
        "id: ²\ndata: {}\n\n".encode(),
        b"id: 1\ndata: [1]\n\n",
        b"id: 1\ndata: {\n\n",
        b"id: 1\ndata: \xff\xfe\n\n",
        b"<html>\n\n",
    ],
)
def test_what_is_no_event_is_said(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="incomplete"):
        heard(content)


def test_an_event_without_an_end_does_not_fill_the_memory() -> None:
    reader = stream(max_event_bytes=100)
    reader.receive(b"data: " + b"x" * 90)
    with pytest.raises(UnexpectedAnswer, match="too large"):
        reader.receive(b"x" * 10)


def test_a_new_connection_goes_on_behind_the_last_event() -> None:
    reader = stream()
    reader.receive(block(1, "started", {}) + b"id: 2\nevent: prog")
    assert reader.last_seq == 1
    reader.begin(200)
    assert reader.receive(block(2, "progress", {}))[0].seq == 2


@pytest.mark.parametrize(
    ("status", "events", "ended"), [(200, True, False), (204, True, True), (404, False, False)]
)
def test_an_answer_says_whether_there_are_events(status: int, events: bool, ended: bool) -> None:
    reader = EventStream(0, CALM)
    assert reader.begin(status) is events
    assert reader.ended is ended


def test_a_stream_that_breaks_off_is_no_ending() -> None:
    reader = stream()
    reader.receive(block(1, "progress", {}))
    with pytest.raises(ConnectionFailed, match="before the job's last event") as broken:
        reader.end()
    assert broken.value.request_sent
    reader.receive(block(2, "ended", {}))
    reader.end()


def test_a_refusal_is_what_the_server_said() -> None:
    body = {"error": {"code": "NOT_FOUND", "message": "Job not found: x", "details": {}}}
    with pytest.raises(NotFound, match="Job not found"):
        stream().refuse(Reply(404, {}, json.dumps(body).encode()))
    with pytest.raises(UnexpectedAnswer, match="status 302"):
        stream().refuse(Reply(302, {}, b""))


def test_retries_are_counted_anew_after_every_event() -> None:
    reader, failure = stream(), ConnectionFailed("cut", True)
    waits = [reader.wait_before_retry(failure) for _ in range(3)]
    assert waits == [0.25, 0.5, 1.0]
    with pytest.raises(ConnectionFailed):
        reader.wait_before_retry(failure)
    reader.receive(block(1, "progress", {}))
    assert reader.wait_before_retry(failure) == 0.25


# The policy


@pytest.mark.parametrize("retries", [0, 1, 5, 60, 1023, 5000])
def test_a_patient_client_waits_the_same_time_however_often_it_failed(retries: int) -> None:
    patient = RetryPolicy(max_retries=10_000, random=lambda: 0.999)
    wait_s = patient.wait_before_retry(ConnectionFailed("away", False), False, retries)
    assert wait_s is not None
    assert 0 < wait_s <= patient.max_backoff_s


@pytest.mark.parametrize(
    ("asked_s", "wait_s"), [(0.0, 0.0), (-5.0, 0.0), (3.0, 3.0), (65.0, 65.0), (65.1, None)]
)
def test_the_servers_time_is_kept_up_to_a_bound(asked_s: float, wait_s: float | None) -> None:
    busy = Overloaded("OVERLOADED", 503, "full", retry_after_s=asked_s)
    assert CALM.wait_before_retry(busy, False, 0) == wait_s
