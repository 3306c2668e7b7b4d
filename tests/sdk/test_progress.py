"""`on_progress` on both clients: what is heard, returned, raised, and tried again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY, Caller
from tests.sdk.operations.answers import EXPORT, SET, UPLOAD, VERDICT
from tests.sdk.progress_answers import Chunks, Telling, advances, failure, line

FILE = {"dataset_dir": SET, "output_file": "/data/exports/a"}
LONG_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
    ("validate_dataset", (SET,), {}, VERDICT),
    ("export_jsonl", (), FILE, EXPORT),
    ("export_parquet", (), FILE, EXPORT),
    ("export_webdataset", (), {"dataset_dir": SET, "output_dir": "/data/exports/a"}, EXPORT),
    ("export_s3", (), {"dataset_dir": SET, "bucket_name": "b"}, UPLOAD),
]
RESULT = line("result", **EXPORT)


class Heard:
    """Remembers what it is told; may raise when it is told so much."""

    def __init__(self, raising: BaseException | None = None, at: int = 1) -> None:
        self.told: list[tuple[int, int]] = []
        self._raising = raising
        self._at = at

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))
        if self._raising is not None and done == self._at:
            raise self._raising


def export(caller: Caller, service: Telling, heard: Heard) -> Any:
    return caller.call(service, "export_jsonl", **FILE, on_progress=heard)


@pytest.mark.parametrize(("method", "args", "kwargs", "answer"), LONG_CALLS)
def test_progress_is_told_and_the_answer_is_the_plain_one(
    caller: Caller,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    plain_requests: list[httpx.Request] = []

    def plain(request: httpx.Request) -> httpx.Response:
        plain_requests.append(request)
        return httpx.Response(200, json=answer)

    expected = caller.call(plain, method, *args, **kwargs)
    service, heard = Telling(Chunks(*advances(2), line("result", **answer))), Heard()
    assert caller.call(service, method, *args, **kwargs, on_progress=heard) == expected == answer
    assert heard.told == [(0, 2), (1, 2), (2, 2)]
    # The same request, but for what it accepts.
    [asked], [asked_plainly] = service.asked, plain_requests
    assert (asked.url, asked.content) == (asked_plainly.url, asked_plainly.content)
    assert "ndjson" not in asked_plainly.headers["Accept"]


@pytest.mark.parametrize(("method", "args", "kwargs", "answer"), LONG_CALLS)
def test_a_server_without_progress_answers_all_the_same(
    caller: Caller,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    heard = Heard()

    def older(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer)

    assert caller.call(older, method, *args, **kwargs, on_progress=heard) == answer
    assert heard.told == []


def test_what_is_refused_before_it_begins_has_its_status(caller: Caller) -> None:
    envelope = {"error": {"code": "NOT_FOUND", "message": "No set", "details": {}}}
    with pytest.raises(sdk.NotFound) as caught:
        caller.call(
            lambda request: httpx.Response(404, json=envelope),
            *("validate_dataset", SET),
            on_progress=Heard(),
        )
    assert caught.value.status == 404


def test_an_error_on_the_way_is_the_envelopes(caller: Caller) -> None:
    service = Telling(Chunks(*advances(9, until=1), failure("INVALID_PARAMETERS", parameter="m")))
    with pytest.raises(sdk.InvalidParameters) as caught:
        export(caller, service, Heard())
    error = caught.value
    assert (error.status, error.message, error.request_id) == (None, "No.", "req_1")
    assert error.details == {"parameter": "m"}
    assert service.bodies[0].closed


@pytest.mark.parametrize(
    ("ending", "again"),
    [
        (failure("REPLICA_LOST"), True),
        (failure("DEADLINE_EXCEEDED"), True),
        (failure("OVERLOADED", retry_after_s=2), True),
        (failure("RATE_LIMITED", retry_after_s=2), True),
        (httpx.ReadError("cut"), True),
        (httpx.RemoteProtocolError("cut"), True),
        (b"", True),
        (b'{"type": "result", "stat', True),
        (httpx.ReadTimeout("late"), False),
        (failure("INTERNAL_ERROR"), False),
        (failure("CONFLICT"), False),
        (failure("A_NEW_CODE"), False),
        (b"<html>\n", False),
    ],
    ids=[
        *("lost", "deadline", "overloaded", "limited", "cut", "protocol", "no result", "half"),
        *("late", "broken", "conflict", "unknown", "page"),
    ],
)
def test_the_table_of_what_is_tried_again(
    caller: Caller, ending: bytes | Exception, again: bool
) -> None:
    broken, whole = Chunks(*advances(2, until=1), ending), Chunks(*advances(2), RESULT)
    service, heard = Telling(broken, whole), Heard()
    if again:
        assert export(caller, service, heard) == EXPORT
        # From the beginning, and told so.
        assert heard.told == [(0, 2), (1, 2), (0, 2), (1, 2), (2, 2)]
        assert len(caller.waits.slept_s) == 1
    else:
        with pytest.raises(sdk.ClientError):
            export(caller, service, heard)
        assert len(service.asked) == 1
    assert broken.closed


def test_the_servers_time_is_kept(caller: Caller) -> None:
    full = Chunks(*advances(2, until=0), failure("OVERLOADED", retry_after_s=7))
    export(caller, Telling(full, Chunks(RESULT)), Heard())
    [waited_s] = caller.waits.slept_s
    assert 7.0 <= waited_s <= 7.5


def test_an_answer_that_always_breaks_off_is_a_cut_connection(caller: Caller) -> None:
    service = Telling(*(Chunks(*advances(5, until=3)) for _ in range(4)))
    with pytest.raises(sdk.ConnectionFailed, match="before its result") as caught:
        export(caller, service, Heard())
    assert caught.value.request_sent is True
    assert len(service.asked) == 1 + caller.max_retries


def test_silence_between_lines_ends_with_the_callers_patience(caller: Caller) -> None:
    service = Telling(Chunks(*advances(2, until=1), httpx.ReadTimeout("late")))
    with pytest.raises(sdk.RequestTimedOut):
        export(caller, service, Heard())


def test_what_breaks_after_the_result_is_no_matter(caller: Caller) -> None:
    service = Telling(Chunks(*advances(1), RESULT, httpx.ReadError("cut")))
    assert export(caller, service, Heard()) == EXPORT
    assert service.bodies[0].closed


def test_lines_may_be_empty_unknown_or_split_anywhere(caller: Caller) -> None:
    content = b"\n".join([*advances(2), b"", line("heartbeat", at="now"), RESULT])
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    heard = Heard()
    assert export(caller, Telling(Chunks(*pieces)), heard) == EXPORT
    assert heard.told == [(0, 2), (1, 2), (2, 2)]


def test_a_result_outside_the_contract_is_named_as_such(caller: Caller) -> None:
    with pytest.raises(sdk.UnexpectedAnswer, match="exported_count"):
        export(caller, Telling(Chunks(line("result", status="success"))), Heard())


@pytest.mark.parametrize(
    "raised",
    [
        RuntimeError("enough"),
        KeyboardInterrupt(),
        # Errors of its own calls: not to be taken for failures of this one.
        sdk.Overloaded("OVERLOADED", 503, "m", {}, 1.0),
        sdk.ConnectionFailed("another server", request_sent=False),
        httpx.ReadError("another server"),
    ],
    ids=lambda raised: type(raised).__name__,
)
def test_what_the_callers_function_raises_ends_the_call_as_it_is(
    caller: Caller, raised: BaseException
) -> None:
    body = Chunks(*advances(1000), RESULT)
    service, heard = Telling(body), Heard(raised, at=1)
    with pytest.raises(type(raised)) as caught:
        export(caller, service, heard)
    assert caught.value is raised
    assert heard.told == [(0, 1000), (1, 1000)]
    assert len(service.asked) == 1
    assert caller.waits.slept_s == []
    # Closed while the server was still at it, which is what stops it.
    assert body.closed
    assert body.given == 2


async def test_in_async_code_too_the_connection_is_closed_when_the_error_arrives() -> None:
    body, enough = Chunks(*advances(1000), RESULT), RuntimeError("enough")
    transport = httpx.MockTransport(Telling(body))

    client = sdk.AsyncSyntheticImageClient(KEY, transport=transport)
    with pytest.raises(RuntimeError) as caught:
        await client.export_jsonl(dataset_dir=SET, output_file="o", on_progress=Heard(enough, at=1))
    assert caught.value is enough
    # Not some time later, when the event loop cleans its generators up.
    assert body.closed
