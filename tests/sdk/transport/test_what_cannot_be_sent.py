"""Arguments, addresses, proxies and answers that cannot be: refused in words, before any retry."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

import inferloop_synthdata as sdk
from inferloop_synthdata.jobs import result_of
from inferloop_synthdata.operations.batches import batch_calls
from inferloop_synthdata.operations.endpoints import generate_image, submit
from inferloop_synthdata.operations.parts import inside, listed
from inferloop_synthdata.ray_jobs.client import RayJobs
from inferloop_synthdata.transport.conversation import api_error, retry_after
from inferloop_synthdata.transport.event_stream import EventStream
from inferloop_synthdata.transport.generation_stream import GenerationStream, generate_message
from inferloop_synthdata.transport.retry import RetryPolicy
from tests.sdk.conftest import KEY, Caller
from tests.sdk.transport.wire_server import JSON, WireServer, answer


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked {request.url}")


CLIENTS = pytest.mark.parametrize(
    "client", [sdk.SyntheticImageClient, sdk.AsyncSyntheticImageClient], ids=["sync", "async"]
)

# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "http://host:abc",
        "http://host:0",
        "http://host:65536",
        "http://host:-1",
        "http://xn--a.example",
        "http://[::g]",
        "http://ho\x00st",
    ],
)
@CLIENTS
def test_an_address_that_cannot_be_is_said_when_the_client_is_made(
    client: type[Any], address: str
) -> None:
    with pytest.raises(ValueError, match=r"base_url|IPv6|address"):
        client(KEY, address)


@pytest.mark.parametrize("address", ["http://host:65535", "http://[::1]:8000", "https://ä.example"])
@CLIENTS
def test_an_address_that_can_be_is_taken(client: type[Any], address: str) -> None:
    assert client(KEY, address) is not None


@pytest.mark.parametrize("address", ["http://host:abc", "http://ho\x00st"])
def test_the_address_of_ray_is_looked_at_too(address: str) -> None:
    with pytest.raises(ValueError, match="--ray-address"):
        RayJobs(address)


# Proxies of the environment


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://host:abc", "not have a valid address"),
        ("gopher://host", "not have a valid address"),
        ("socks5://127.0.0.1:1", "httpx\\[socks\\]"),
    ],
    ids=["port", "scheme", "socks-without-its-library"],
)
@CLIENTS
def test_a_proxy_that_cannot_be_used_is_named_as_the_cause(
    client: type[Any], proxy: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ValueError, match=said):
        client(KEY, "http://service.test")


def test_a_proxy_is_asked_for_the_whole_address() -> None:
    with WireServer() as proxy:
        proxy.plays = [proxy.answering(answer(b'{"datasets": []}', JSON))]
        transport = httpx.HTTPTransport(proxy=proxy.base_url)
        with sdk.SyntheticImageClient(KEY, "http://service.test", transport=transport) as client:
            assert client.list_datasets().datasets == []
        (request,) = proxy.requests
        assert request.target == "http://service.test/api/v1/datasets"


def test_a_proxy_that_is_away_is_a_connection_that_failed() -> None:
    with WireServer() as proxy:
        url = proxy.base_url
    transport = httpx.HTTPTransport(proxy=url)
    with (
        sdk.SyntheticImageClient(KEY, "http://x.test", 5, 0, transport=transport) as client,
        pytest.raises(sdk.ConnectionFailed) as caught,
    ):
        client.list_datasets()
    assert not caught.value.request_sent


# Arguments


@pytest.mark.parametrize("key", ["a\nb", "a\r\nX-API-Key: b", "schlüssel", " a", "a\x00", "\x7f"])
def test_a_key_that_no_header_can_hold_is_refused_before_anything_is_sent(
    caller: Caller, key: str
) -> None:
    """It would be told as a cut connection, and tried again three times."""
    with pytest.raises(ValueError, match="Idempotency-Key must be printable ASCII"):
        caller.call(nobody, "generate_image", prompt="p", idempotency_key=key)
    assert caller.waits.slept_s == []


def test_a_preference_that_no_header_can_hold_is_refused() -> None:
    wrong: Any = "high\r\nX-API-Key: other"
    with pytest.raises(ValueError, match="Prefer"):
        submit(generate_image(prompt="p"), priority=wrong)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("generate_batch", {"prompts": "a fox"}),
        ("generate_many", {"prompts": "a fox"}),
        ("validate_quality", {"image_path": "x", "metrics": "sharpness"}),
        ("datasets.review", {"paths": "/data/a.png", "rating": 3}),
        ("datasets.review", {"paths": ["x"], "add_tags": "blurry"}),
        ("datasets.list_images", {"name": "d", "tags": "blurry"}),
    ],
)
def test_one_text_is_not_taken_for_a_list_of_its_letters(
    caller: Caller, method: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="takes a list of texts"):
        caller.call(nobody, method, **arguments)


@pytest.mark.parametrize("names", [[], ["a"], ("a", "b")])
def test_lists_of_any_kind_are_lists(names: Any) -> None:
    assert listed(names) == list(names)


@pytest.mark.parametrize("prompts_per_call", [0, -1, -64])
def test_calls_of_no_prompts_are_refused_instead_of_making_nothing(
    caller: Caller, prompts_per_call: int
) -> None:
    with pytest.raises(ValueError, match="prompts_per_call"):
        caller.call(nobody, "generate_many", ["a"], prompts_per_call=prompts_per_call)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_lacks_is_refused_by_both_ways_of_generating(
    caller: Caller, scale: float
) -> None:
    with pytest.raises(ValueError, match="JSON"):
        caller.call(nobody, "generate_image", prompt="p", guidance_scale=scale)
    with pytest.raises(ValueError, match="JSON"):
        GenerationStream(generate_message(prompt="p", guidance_scale=scale), RetryPolicy())


def test_a_seed_goes_on_over_calls_and_an_absent_one_stays_absent() -> None:
    bodies = [call.body or {} for call in batch_calls(["a", "b", "c"], "k", None, 1, seed=0)]
    assert [body["seed"] for body in bodies] == [0, 1, 2]
    assert all("seed" not in (call.body or {}) for call in batch_calls(["a", "b"], "k", None, 1))


@CLIENTS
def test_an_empty_variable_is_no_key(client: type[Any]) -> None:
    with pytest.raises(ValueError, match="no API key: give api_key"):
        client(environ={"INFERLOOP_API_KEY": ""})


def test_a_file_in_a_folder_has_the_last_name_of_its_path(tmp_path: Any) -> None:
    assert inside(tmp_path, "s3://b/generated/a.png") == tmp_path / "a.png"
    assert inside(tmp_path / "b.png", "a.png") == tmp_path / "b.png"
    assert inside(str(tmp_path), "a/b.html") == tmp_path / "b.html"


# Numbers of a server beyond every bound


@pytest.mark.parametrize(
    "date", ["Fri, 01 Jan 99999999999 00:00:00 GMT", "Fri, 99 Jan 2021 00:00:00 GMT", "Fri", "0x10"]
)
def test_a_date_that_cannot_be_is_no_time_to_wait(date: str) -> None:
    now = "Fri, 01 Jan 2021 00:00:00 GMT"
    assert retry_after({"retry-after": date, "date": now}) is None
    assert retry_after({"retry-after": now, "date": date}) is None


def test_a_time_to_wait_beyond_every_number_is_none() -> None:
    error = api_error({"code": "OVERLOADED", "details": {"retry_after_s": 10**400}}, 503)
    assert error.retry_after_s is None


@pytest.mark.parametrize("total", ["1", "0"])
def test_steps_beyond_every_number_are_no_progress(total: str) -> None:
    stream = GenerationStream({"type": "generate"}, RetryPolicy())
    steps = f'"step": 1{"0" * 400}, "total_steps": {total}'
    with pytest.raises(sdk.UnexpectedAnswer, match="progress"):
        stream.receive(f'{{"type": "progress", "job_id": "j", {steps}}}')


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5000, "-1", "1.5", "", "x"])
def test_an_events_number_is_a_number_of_an_event(number: str) -> None:
    stream = EventStream(0, RetryPolicy())
    with pytest.raises(sdk.UnexpectedAnswer, match="incomplete"):
        stream.receive(f"id: {number}\nevent: started\ndata: {{}}\n\n".encode())
    assert stream.last_seq == 0


@pytest.mark.parametrize(
    "body",
    [b'{"datasets": [' + b"[" * 5000, b'{"datasets": ' + b"9" * 5000 + b"}", b'{"datasets"'],
    ids=["deep", "digits", "cut"],
)
def test_an_answer_that_no_reader_takes_is_named_as_such(caller: Caller, body: bytes) -> None:
    with pytest.raises(sdk.UnexpectedAnswer):
        caller.call(lambda request: httpx.Response(200, content=body), "list_datasets")


# Ends of jobs


@pytest.mark.parametrize(
    "ended",
    [
        {"error": {"code": "CANCELED", "message": "m"}},
        {"result": None, "error": {"code": "CANCELED", "message": "m"}},
    ],
    ids=["left-out", "null"],
)
def test_an_absent_result_may_be_left_out_or_null(ended: dict[str, Any]) -> None:
    job: Any = {"id": "job_1", "state": "canceled", **ended}
    with pytest.raises(sdk.Canceled):
        result_of(job)


@pytest.mark.parametrize("rest", [{}, {"result": None, "error": None}], ids=["left-out", "null"])
def test_a_job_without_an_end_is_said_with_its_state(rest: dict[str, Any]) -> None:
    job: Any = {"id": "job_1", "state": "running", **rest}
    with pytest.raises(sdk.UnexpectedAnswer, match="has not ended: running"):
        result_of(job)


def test_a_port_where_nobody_listens_is_tried_as_often_as_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    slept: list[float] = []
    with (
        sdk.SyntheticImageClient(
            KEY, f"http://127.0.0.1:{port}", max_retries=2, sleep=slept.append
        ) as client,
        pytest.raises(sdk.ConnectionFailed, match="Cannot connect"),
    ):
        client.list_datasets()
    assert len(slept) == 2
