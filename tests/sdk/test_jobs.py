"""Jobs in the client: submitted, watched over cut connections, waited for; and long lists."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inferloop_synthdata as sdk
from inferloop_synthdata.jobs import AsyncJobs, Jobs, result_of
from inferloop_synthdata.operations import endpoints as operations
from inferloop_synthdata.operations.batches import batch_calls
from inferloop_synthdata.transport.event_stream import EventStream
from inferloop_synthdata.transport.retry import RetryPolicy
from tests.sdk.conftest import KEY, Waits

JOB = {"id": "job_1", "kind": "generate", "state": "succeeded", "result": {"image_path": "/x"}}


def event(seq: int, kind: str, **data: object) -> bytes:
    text = json.dumps({"seq": seq, **data})
    return f"id: {seq}\nevent: {kind}\ndata: {text}\n\n".encode()


EVENTS = [
    event(1, "queued"),
    event(2, "started"),
    event(3, "progress", done=1, total=2),
    b": still there\n\n",
    event(4, "progress", done=2, total=2),
    event(5, "ended", state="succeeded", job=JOB),
]


@dataclass
class Service:
    """Sends events from where the client asks; cuts each connection after `per_connection`."""

    per_connection: int = 100
    asked_after: list[int] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if not request.url.path.endswith("/events"):
            return httpx.Response(200, json=JOB)
        after = int(request.headers["Last-Event-ID"])
        self.asked_after.append(after)
        left = [each for each in EVENTS if not each.startswith(b"id") or int(each[4:5]) > after]
        if after >= 5:
            return httpx.Response(204)
        return httpx.Response(200, content=b"".join(left[: self.per_connection]) + b"id: 9")


def in_both(
    service: Callable[[httpx.Request], httpx.Response], ask: Callable[[Any], Any], waits: Waits
) -> list[Any]:
    """What `ask` gives of the blocking client, and of the async one."""
    transport = httpx.MockTransport(service)
    with sdk.SyntheticImageClient(
        KEY, "http://s.test", transport=transport, sleep=waits.sleep
    ) as client:
        blocking = ask(client)
        blocking = list(blocking) if hasattr(blocking, "__next__") else blocking

    async def in_async() -> Any:
        async with sdk.AsyncSyntheticImageClient(
            KEY, "http://s.test", transport=transport, sleep=waits.sleep_async
        ) as client:
            asked = ask(client)
            if hasattr(asked, "__anext__"):
                return [each async for each in asked]
            return await asked

    return [blocking, asyncio.run(in_async())]


def test_a_call_is_submitted_with_its_own_body_and_key() -> None:
    service = Service()
    call = operations.generate_image(prompt="a fox", seed=1)
    for job in in_both(service, lambda c: c.jobs.submit(call, priority="low"), Waits()):
        assert job["id"] == "job_1"
    for request in service.requests:
        assert request.url.path == "/api/v1/generate"
        assert request.headers["Prefer"] == "respond-async, priority=low"
        assert request.headers["Idempotency-Key"]
        assert json.loads(request.content) == {"prompt": "a fox", "seed": 1}


@pytest.mark.parametrize("events", [None, ["job.failed"]])
def test_a_webhook_goes_into_the_body(events: list[Any] | None) -> None:
    service = Service()
    call, url = operations.generate_image(prompt="a fox"), "https://hooks.example.com/x"
    in_both(service, lambda c: c.jobs.submit(call, webhook=url, webhook_events=events), Waits())
    webhook = {"url": url} if events is None else {"url": url, "events": events}
    for request in service.requests:
        assert json.loads(request.content)["webhook"] == webhook


def test_the_secret_of_the_key_is_asked_for() -> None:
    answer = {"secret": "whsec_x", "algorithm": "v1"}
    found = in_both(
        lambda request: httpx.Response(200, json=answer),
        lambda c: c.jobs.webhook_secret(),
        Waits(),
    )
    assert [each["secret"] for each in found] == ["whsec_x"] * 2


def test_jobs_are_listed_looked_up_and_canceled() -> None:
    service = Service()
    in_both(service, lambda c: c.jobs.get("job_1"), Waits())
    in_both(service, lambda c: c.jobs.cancel("job_1"), Waits())
    pages = in_both(
        lambda request: httpx.Response(200, json={"jobs": [JOB]}),
        lambda c: c.jobs.list(state="queued", limit=5),
        Waits(),
    )
    assert [request.method for request in service.requests] == ["GET", "GET", "DELETE", "DELETE"]
    assert pages[0]["jobs"][0]["id"] == "job_1"


@pytest.mark.parametrize("per_connection", [2, 3, 100])
def test_a_cut_connection_is_taken_up_where_it_was_cut(per_connection: int) -> None:
    service = Service(per_connection)
    for events in in_both(service, lambda c: c.jobs.events("job_1"), Waits()):
        assert [each.seq for each in events] == [1, 2, 3, 4, 5]
        assert events[-1].type == "ended"
    assert service.asked_after[0] == 0


def test_a_watcher_that_has_heard_all_hears_nothing_more() -> None:
    for events in in_both(Service(), lambda c: c.jobs.events("job_1", after_seq=5), Waits()):
        assert events == []


def test_waiting_ends_with_the_job_and_tells_its_progress() -> None:
    told: list[tuple[int, int]] = []
    jobs = in_both(
        Service(), lambda c: c.jobs.wait("job_1", lambda d, t: told.append((d, t))), Waits()
    )
    assert jobs == [JOB, JOB]
    assert told == [(1, 2), (2, 2)] * 2
    assert in_both(Service(), lambda c: c.jobs.result("job_1"), Waits()) == [JOB["result"]] * 2


def test_a_server_that_stays_away_is_given_up() -> None:
    waits = Waits()
    with pytest.raises(sdk.ApiError):
        in_both(lambda request: httpx.Response(503), lambda c: c.jobs.events("job_1"), waits)
    assert len(waits.slept_s) == 3


def test_an_unknown_job_is_not_found() -> None:
    error = {"error": {"code": "NOT_FOUND", "message": "m", "details": {}}}
    with pytest.raises(sdk.NotFound):
        in_both(
            lambda request: httpx.Response(404, json=error), lambda c: c.jobs.wait("job_1"), Waits()
        )


@pytest.mark.parametrize(
    "content", [b"data: {}\n\n", b"id: x\ndata: {}\n\n", b"id: 1\ndata: [\n\n", b"id: 1\n\n"]
)
def test_what_is_no_event_is_said_so(content: bytes) -> None:
    with pytest.raises(sdk.UnexpectedAnswer):
        in_both(
            lambda request: httpx.Response(200, content=content),
            lambda c: c.jobs.events("job_1"),
            Waits(),
        )


@given(st.lists(st.integers(0, len(b"".join(EVENTS))), max_size=8))
def test_events_are_read_in_whatever_pieces_they_arrive(cuts: list[int]) -> None:
    whole, stream = b"".join(EVENTS), EventStream(0, RetryPolicy())
    places = [0, *sorted(cuts), len(whole)]
    heard = [
        each.seq
        for start, end in itertools.pairwise(places)
        for each in stream.receive(whole[start:end])
    ]
    assert heard == [1, 2, 3, 4, 5]
    assert stream.ended


def test_an_endless_event_is_refused() -> None:
    stream = EventStream(0, RetryPolicy(), max_event_bytes=100)
    with pytest.raises(sdk.UnexpectedAnswer, match="too large"):
        stream.receive(b"data: " + b"x" * 200)


def test_a_failed_job_raises_what_the_call_would_have_raised() -> None:
    error = {"code": "INSUFFICIENT_STORAGE", "message": "full", "details": {}}
    failed: Any = {**JOB, "state": "failed", "error": error}
    del failed["result"]
    with pytest.raises(sdk.InsufficientStorage):
        result_of(failed)
    running: Any = {**failed, "state": "running"}
    del running["error"]
    with pytest.raises(sdk.UnexpectedAnswer, match="not ended"):
        result_of(running)


def test_a_long_list_is_cut_into_calls_with_keys_of_their_own() -> None:
    prompts = [f"fox {number}" for number in range(150)]
    calls = list(batch_calls(prompts, "mine", 8, seed=100))
    assert [call.headers["Idempotency-Key"] for call in calls] == ["mine-0", "mine-1", "mine-2"]
    bodies: list[dict[str, Any]] = [dict(call.body or {}) for call in calls]
    assert [body["seed"] for body in bodies] == [100, 164, 228]
    assert [prompt for body in bodies for prompt in body["prompts"]] == prompts


def test_a_long_list_comes_in_order_with_one_progress() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        prompts = json.loads(request.content)["prompts"]
        images = [{"image_path": f"/data/{prompt}.png", "prompt": prompt} for prompt in prompts]
        return httpx.Response(200, json={"batch_id": "b", "images": images, "parameters": {}})

    prompts = [f"fox {number}" for number in range(70)]
    told: list[tuple[int, int]] = []

    def heard(done: int, total: int) -> None:
        told.append((done, total))

    for images in in_both(answer, lambda c: c.generate_many(prompts, on_progress=heard), Waits()):
        assert [image["prompt"] for image in images] == prompts
    assert told == [(64, 70), (70, 70)] * 2


def test_every_image_of_a_long_list_moves_its_progress() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        count = len(json.loads(request.content)["prompts"])
        lines = [{"type": "progress", "done": done, "total": count} for done in range(count)]
        lines.append({"type": "result", "images": [{}] * count})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        return httpx.Response(200, text=text, headers={"Content-Type": "application/x-ndjson"})

    told: list[tuple[int, int]] = []

    def heard(done: int, total: int) -> None:
        told.append((done, total))

    def asked(client: Any) -> Any:
        return client.generate_many(["a", "b", "c"], prompts_per_call=2, on_progress=heard)

    in_both(answer, asked, Waits())
    assert told == [(0, 3), (1, 3), (2, 3), (2, 3), (3, 3)] * 2


def test_a_list_that_the_service_does_not_take_is_told_the_way_on() -> None:
    details = {"parameter": "prompts", "value": [], "constraint": "1 <= len(prompts) <= 64"}
    error = {"code": "INVALID_PARAMETERS", "message": "too long", "details": details}
    refused = httpx.Response(400, json={"error": error})
    with pytest.raises(sdk.InvalidParameters) as caught:
        in_both(lambda _: refused, lambda c: c.generate_batch(prompts=["a"] * 65), Waits())
    [note] = caught.value.__notes__
    assert "client.generate_many(prompts)" in note
    assert "client.datasets.create(spec)" in note


def test_both_clients_have_the_same_jobs() -> None:
    names = {name for name in vars(Jobs) if not name.startswith("_")}
    assert names == {name for name in vars(AsyncJobs) if not name.startswith("_")}
