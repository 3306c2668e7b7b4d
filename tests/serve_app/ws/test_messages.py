"""Messages of the socket: what is read of any text or bytes, and what is sent."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidParameters, NotFound, PayloadTooLarge
from engines.types import StepProgress
from serve_app.config import ApiConfig
from serve_app.schemas.bounds.bounded import generate_message_model
from serve_app.ws.messages import (
    MAX_SEQ,
    CancelMessage,
    RawGenerate,
    SubscribeMessage,
    error_message,
    progress_message,
    read_message,
)

LIMIT = 4096
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside),
    max_leaves=5,
)
TYPES = st.sampled_from(["generate", "cancel", "subscribe", "dance"]) | VALUES


@given(st.text(max_size=50) | st.binary(max_size=50))
def test_any_text_and_any_bytes_are_a_message_or_refused(text: str | bytes) -> None:
    try:
        read = read_message(text, LIMIT)
    except InvalidParameters:
        return
    assert isinstance(read, RawGenerate | CancelMessage | SubscribeMessage)


@given(TYPES, st.dictionaries(st.sampled_from(["job_id", "after_seq", "prompt", "x"]), VALUES))
def test_any_json_is_a_message_or_refused(kind: object, fields: dict[str, object]) -> None:
    try:
        read = read_message(json.dumps({"type": kind, **fields}), LIMIT)
    except InvalidParameters as error:
        assert kind != "generate"
        json.dumps(dict(error.details), allow_nan=False)
        return
    assert {"generate": RawGenerate, "cancel": CancelMessage, "subscribe": SubscribeMessage}[
        str(kind)
    ] is type(read)


@pytest.mark.parametrize("text", ["é" * 50, "x" * 100, b"x" * 100, "鳥" * 33 + "x"])
def test_the_size_of_a_message_is_counted_in_bytes(text: str | bytes) -> None:
    with pytest.raises(InvalidParameters):
        read_message(text, 100)
    with pytest.raises(PayloadTooLarge):
        read_message(text, 99)


@pytest.mark.parametrize(("after", "taken"), [(0, True), (MAX_SEQ, True), (MAX_SEQ + 1, False)])
def test_events_are_numbered_as_far_as_javascript_counts(after: int, taken: bool) -> None:
    text = json.dumps({"type": "subscribe", "job_id": "job_1", "after_seq": after})
    if taken:
        assert read_message(text, LIMIT) == SubscribeMessage(
            type="subscribe", job_id="job_1", after_seq=after
        )
    else:
        with pytest.raises(InvalidParameters, match="after_seq"):
            read_message(text, LIMIT)


def test_the_fields_of_a_generation_are_judged_when_they_are_asked_for() -> None:
    model = generate_message_model(ApiConfig())
    raw = read_message('{"type": "generate", "prompt": "a fox", "previews": true}', LIMIT)
    assert isinstance(raw, RawGenerate)
    body = raw.body(model)
    assert (body.prompt, body.previews) == ("a fox", True)
    wrong = read_message('{"type": "generate", "prompt": "a fox", "width": 2048}', LIMIT)
    assert isinstance(wrong, RawGenerate)
    with pytest.raises(InvalidParameters, match="width must be between"):
        wrong.body(model)


def test_a_long_type_is_cut_where_it_is_repeated() -> None:
    with pytest.raises(InvalidParameters) as refused:
        read_message(json.dumps({"type": "x" * 1000}), LIMIT)
    assert refused.value.details["value"] == "x" * 100


@given(st.integers(1, 150).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_progress_is_the_share_of_the_steps(step: tuple[int, int]) -> None:
    message = progress_message("job_1", StepProgress(*step))
    assert message == {
        "type": "progress",
        "job_id": "job_1",
        "step": step[0],
        "total_steps": step[1],
        "progress": step[0] / step[1],
    }


def test_a_preview_is_sent_as_base64() -> None:
    message = progress_message("job_1", StepProgress(1, 2, b"\xff\xd8"))
    assert base64.b64decode(str(message["preview"])) == b"\xff\xd8"


@pytest.mark.parametrize("job_id", [None, "job_1"])
def test_an_error_is_the_envelope_of_rest_beside_its_job(job_id: str | None) -> None:
    message = error_message(NotFound("job", "job_1"), job_id)
    assert (message["type"], message["job_id"]) == ("error", job_id)
    assert isinstance(message["error"], dict)
    assert message["error"]["code"] == "NOT_FOUND"
    hidden = error_message(ValueError("/secret/path"), job_id)
    assert "/secret/path" not in json.dumps(hidden)
