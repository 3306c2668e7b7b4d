"""The reader of an answer in lines: what it says does not depend on how the bytes arrive."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import inferloop_synthdata as sdk
from inferloop_synthdata.operations.operation import Reply
from inferloop_synthdata.transport.progress_stream import Advance, Event, ProgressStream
from tests.sdk.progress_answers import failure, line

HEADERS = {"x-request-id": "req_1"}
CUT = (sdk.ConnectionFailed, "The answer ended before its result")


def read(chunks: Iterable[bytes], max_line_bytes: int = 10_000) -> list[Event]:
    stream = ProgressStream(200, HEADERS, max_line_bytes)
    events = [event for chunk in chunks for event in stream.receive(chunk)]
    return events + stream.end()


def described(events: list[Event]) -> list[object]:
    """Comparable: errors are equal if they say the same."""
    return [(type(one), str(one)) if isinstance(one, Exception) else one for one in events]


@dataclass(frozen=True)
class Line:
    """Bytes of one line, newline and all, and what they mean; None is nothing."""

    content: bytes
    meaning: object


COUNTS = st.integers(0, 2**40)
SKIPPED = st.sampled_from([b"\n", b"\r\n", b" \n", line("heartbeat"), line("news", done=True)])
ON_THE_WAY = st.one_of(
    st.builds(
        lambda done, total: Line(
            line("progress", done=done, total=total, eta_s=1.5), Advance(done, total)
        ),
        COUNTS,
        COUNTS,
    ),
    SKIPPED.map(lambda content: Line(content, None)),
)
RESULTS = st.dictionaries(st.text().filter(lambda name: name != "type"), st.text(), max_size=3).map(
    lambda fields: Line(
        json.dumps({"type": "result", **fields}).encode() + b"\n",
        Reply(200, HEADERS, json.dumps(fields).encode()),
    )
)
TOO_LONG = line("progress", done=1, total=2, note="x" * 20_000)
ENDINGS = st.one_of(
    RESULTS,
    st.just(Line(failure("CONFLICT"), (sdk.Conflict, "CONFLICT: No."))),
    st.just(Line(b"<html>\n", (sdk.UnexpectedAnswer, "A line of the answer is not a JSON object"))),
    st.just(Line(TOO_LONG, (sdk.UnexpectedAnswer, "A line of the answer is too long"))),
    st.just(Line(b'{"type": "result", "status": "succ', CUT)),
    st.just(Line(b"", CUT)),
)


def split(content: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]


@given(
    st.lists(ON_THE_WAY, max_size=8),
    ENDINGS,
    st.one_of(st.just(b""), st.binary(max_size=40).map(lambda more: b"\n" + more)),
    st.lists(st.integers(0, 30_000), max_size=12),
)
def test_however_it_is_split_it_says_the_same(
    on_the_way: list[Line], ending: Line, after: bytes, cuts: list[int]
) -> None:
    lines = [*on_the_way, ending]
    # After an outcome anything may come; a line that was cut has nothing after it.
    content = b"".join(one.content for one in lines) + (b"" if ending.meaning == CUT else after)
    expected = [one.meaning for one in lines if one.meaning is not None]
    assert described(read(split(content, cuts))) == expected
    assert described(read([content])) == expected


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_whatever_comes_there_is_one_outcome_and_it_is_the_last(chunks: list[bytes]) -> None:
    *on_the_way, outcome = read(chunks, max_line_bytes=50)
    assert all(isinstance(event, Advance) for event in on_the_way)
    assert isinstance(outcome, Reply | sdk.ClientError)


def test_a_result_is_the_plain_answer() -> None:
    [reply] = read([line("result", status="success", exported_count=2, note="é\n")])
    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers) == (200, HEADERS)
    assert json.loads(reply.content) == {"status": "success", "exported_count": 2, "note": "é\n"}


def test_the_last_line_may_lack_its_newline() -> None:
    events = read([line("progress", done=1, total=2), line("result", a=1).rstrip()])
    assert events == [Advance(1, 2), Reply(200, HEADERS, b'{"a": 1}')]
    assert described(read([line("progress", done=1, total=2).rstrip()])) == [Advance(1, 2), CUT]


def test_an_error_keeps_what_the_envelope_says() -> None:
    [error] = read([failure("OVERLOADED", retry_after_s=4)])
    assert isinstance(error, sdk.Overloaded)
    assert (error.status, error.message, error.retry_after_s) == (None, "No.", 4.0)
    assert error.request_id == "req_1"


@pytest.mark.parametrize(
    "content",
    [
        b"not json\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"null\n",
        b"[" * 100_000 + b"\n",
        b"{}\n",
        b'{"type": 3}\n',
        b'{"type": "progress"}\n',
        b'{"type": "progress", "done": true, "total": 3}\n',
        b'{"type": "progress", "done": 1, "total": "3"}\n',
        b'{"type": "progress", "done": 1.5, "total": 3}\n',
        b'{"type": "error"}\n',
        b'{"type": "error", "error": "no"}\n',
        b'{"type": "error", "error": {"message": "m"}}\n',
    ],
)
def test_a_line_outside_the_contract_is_named_as_such(content: bytes) -> None:
    [outcome] = read([content, line("result", a=1)], max_line_bytes=200_000)
    assert isinstance(outcome, sdk.UnexpectedAnswer)


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    stream = ProgressStream(200, HEADERS, max_line_bytes=2**20)
    chunk = b"x" * 2**16
    tracemalloc.start()
    try:
        events = [event for _ in range(400) for event in stream.receive(chunk)]
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    [outcome] = events
    assert isinstance(outcome, sdk.UnexpectedAnswer)
    assert 2**20 < peak_bytes < 4 * 2**20
