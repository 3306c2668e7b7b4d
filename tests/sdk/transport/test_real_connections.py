"""Both clients against real connections: slow, cut, reused, compressed, in pieces."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY
from tests.sdk.transport.conftest import Dialer
from tests.sdk.transport.wire_server import JSON, Play, Wire, WireServer, answer, chunked

DATASETS = {"datasets": [{"name": "foxes", "image_count": 3, "size_bytes": 10}]}
BODY = json.dumps(DATASETS).encode()
NDJSON = "Content-Type: application/x-ndjson"


# How an answer may arrive


@pytest.mark.parametrize(
    "sent",
    [
        answer(BODY, JSON),
        answer(b"\xef\xbb\xbf" + BODY, JSON),
        answer(BODY, "Content-Type: text/plain"),
        answer(gzip.compress(BODY), JSON, "Content-Encoding: gzip"),
        chunked(BODY),
        chunked(*(bytes([byte]) for byte in BODY)),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(BODY, JSON),
        f"HTTP/1.0 200 OK\r\n{JSON}\r\n\r\n".encode() + BODY,
    ],
    ids=["whole", "bom", "text", "gzip", "chunk", "bytes", "hints", "until-closed"],
)
def test_an_answer_is_read_however_it_arrives(
    dialer: Dialer, server: WireServer, sent: bytes
) -> None:
    server.plays = [server.answering(sent)]
    assert dialer.call(server, "list_datasets") == DATASETS


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.1 200",
        answer(BODY, JSON)[:-5],
        chunked(BODY[:20], ended=False),
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
    ids=["at-once", "in-status", "in-body", "in-chunks", "no-http"],
)
def test_a_cut_answer_is_asked_for_again(dialer: Dialer, server: WireServer, cut: bytes) -> None:
    server.plays = [server.answering(cut), server.answering(answer(BODY, JSON))]
    assert dialer.call(server, "list_datasets") == DATASETS
    assert dialer.waits.slept_s == [0.375]
    assert len(server.requests) == 2


def test_a_generation_that_is_cut_is_asked_for_again_under_its_key(
    dialer: Dialer, server: WireServer
) -> None:
    made = json.dumps({"image_path": "/data/a.png", "prompt": "p", "parameters": {}}).encode()
    server.plays = [server.answering(b""), server.answering(answer(made, JSON))]
    assert dialer.call(server, "generate_image", prompt="p").image_path == "/data/a.png"
    first, second = server.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body == b'{"prompt":"p"}'


def test_what_stays_cut_is_a_connection_that_failed(dialer: Dialer, server: WireServer) -> None:
    server.plays = [server.answering(b"")]
    with pytest.raises(sdk.ConnectionFailed, match="was cut") as caught:
        dialer.call(server, "list_datasets")
    assert caught.value.request_sent
    assert server.connections == 4
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("beginning", [b"", answer(BODY, JSON)[:-5]], ids=["status", "body"])
def test_a_silent_server_is_given_up_after_the_callers_time_and_not_asked_again(
    dialer: Dialer, server: WireServer, beginning: bytes
) -> None:
    server.plays = [server.silent_after(answer(BODY, JSON), beginning)]
    with pytest.raises(sdk.RequestTimedOut):
        dialer.call_with_open_connection(server, "list_datasets", timeout_s=0.1)
    assert server.connections == 1
    assert dialer.waits.slept_s == []


def test_a_time_that_the_server_asks_for_is_waited(dialer: Dialer, server: WireServer) -> None:
    envelope = {"error": {"code": "OVERLOADED", "message": "full", "details": {}}}
    full = answer(
        json.dumps(envelope).encode(), JSON, "retry-after: 3", status="503 Service Unavailable"
    )
    server.plays = [server.answering(full, answer(BODY, JSON))]
    assert dialer.call(server, "list_datasets") == DATASETS
    assert dialer.waits.slept_s == [3.125]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_the_key_elsewhere(
    dialer: Dialer, server: WireServer, status: int
) -> None:
    with WireServer() as elsewhere:
        elsewhere.plays = [elsewhere.answering(answer(BODY, JSON))]
        away = answer(b"", f"Location: {elsewhere.base_url}/x", status=f"{status} Moved")
        server.plays = [server.answering(away)]
        with pytest.raises(sdk.UnexpectedAnswer, match="redirects"):
            dialer.call(server, "list_datasets")
        assert elsewhere.connections == 0


def test_a_refusal_in_the_middle_of_an_upload_is_heard(dialer: Dialer, server: WireServer) -> None:
    envelope = {"error": {"code": "PAYLOAD_TOO_LARGE", "message": "no", "details": {}}}

    def refuse(wire: Wire) -> None:
        content = json.dumps(envelope).encode()
        wire.send(answer(content, JSON, "Connection: close", status="413 Too Large"))
        wire.read_to_the_end()

    server.plays = [refuse]
    with pytest.raises(sdk.PayloadTooLarge):
        dialer.call(server, "upload_image", bytes(2**20))


# Connections that are used again


def test_a_kept_connection_that_the_server_closed_is_opened_anew(server: WireServer) -> None:
    server.plays = [server.answering(answer(BODY, JSON))]
    with sdk.SyntheticImageClient(KEY, server.base_url, max_retries=0) as client:
        for _ in range(3):
            assert client.list_datasets() == DATASETS
            server.wait_until_closed()
    assert server.connections == 3


def test_calls_one_after_another_share_a_connection(server: WireServer) -> None:
    server.plays = [server.answering(*[answer(BODY, JSON)] * 3)]
    with sdk.SyntheticImageClient(KEY, server.base_url) as client:
        for _ in range(3):
            client.list_datasets()
    assert server.connections == 1


def echoing(server: WireServer) -> Play:
    """Every request is answered with the name it asks for."""

    def play(wire: Wire) -> None:
        while request := wire.read():
            server.requests.append(request)
            name = request.target.rpartition("/")[2]
            wire.send(answer(json.dumps({"name": name}).encode(), JSON))

    return play


def test_threads_that_share_a_client_each_get_their_own_answer(server: WireServer) -> None:
    server.plays = [echoing(server)]
    names = [f"d{number}" for number in range(40)]
    with (
        sdk.SyntheticImageClient(KEY, server.base_url) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(client.get_dataset, names))
    assert [dataset["name"] for dataset in found] == names


async def test_tasks_that_share_a_client_each_get_their_own_answer(server: WireServer) -> None:
    server.plays = [echoing(server)]
    names = [f"d{number}" for number in range(40)]
    async with sdk.AsyncSyntheticImageClient(KEY, server.base_url) as client:
        found = await asyncio.gather(*map(client.get_dataset, names))
    assert [dataset["name"] for dataset in found] == names


# What stands in a request


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("foxes", "foxes"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("../x", "..%2Fx"),
        ("%2e%2e", "%252e%252e"),
        ("狐", "%E7%8B%90"),
        ("a\r\nb", "a%0D%0Ab"),
    ],
)
def test_a_name_reaches_the_server_as_one_segment(
    dialer: Dialer, server: WireServer, name: str, target: str
) -> None:
    server.plays = [echoing(server)]
    dialer.call(server, "get_dataset", name)
    assert server.requests[0].target == f"/api/v1/datasets/{target}"


def test_a_call_says_who_asks_and_carries_the_key_once(dialer: Dialer, server: WireServer) -> None:
    server.plays = [echoing(server)]
    dialer.call(server, "get_dataset", "x")
    (request,) = server.requests
    assert request.headers["x-api-key"] == KEY
    assert request.headers["user-agent"] == f"inferloop-synthdata/{sdk.__version__}"
    assert KEY not in request.target


# Long answers


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


ADVANCE = {"type": "progress", "done": 1, "total": 2}
EXPORTED = {"type": "result", "exported_count": 2, "output_file": "x"}


def test_progress_that_is_cut_is_told_again_from_the_beginning(
    dialer: Dialer, server: WireServer
) -> None:
    whole = lines(ADVANCE, {**ADVANCE, "done": 2}, EXPORTED)
    server.plays = [
        server.answering(
            chunked(lines(ADVANCE), b'{"type": "prog', headers=(NDJSON,), ended=False)
        ),
        server.answering(chunked(whole[:11], whole[11:], headers=(NDJSON,))),
    ]
    heard: list[tuple[int, int]] = []
    told: Callable[[int, int], None] = lambda done, total: heard.append((done, total))  # noqa: E731
    report = dialer.call(server, "export_jsonl", dataset_dir="d", output_file="x", on_progress=told)
    assert report.exported_count == 2
    assert heard == [(1, 2), (1, 2), (2, 2)]


def test_a_download_that_is_cut_leaves_what_was_there_until_it_is_whole(
    dialer: Dialer, server: WireServer, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"old")
    server.plays = [server.answering(answer(bytes(1000))[:-1])]
    with pytest.raises(sdk.ConnectionFailed):
        dialer.call(server, "download_image", "/data/a.png", to=file)
    assert file.read_bytes() == b"old"
    server.plays = [server.answering(answer(b"\x89PNG new"))]
    assert dialer.call(server, "download_image", "/data/a.png", to=file) == file
    assert file.read_bytes() == b"\x89PNG new"
    assert list(tmp_path.iterdir()) == [file]


def test_events_that_are_cut_in_the_middle_are_taken_up_behind_the_last_whole_one(
    dialer: Dialer, server: WireServer
) -> None:
    job = {"id": "job_1", "state": "succeeded", "result": {"image_path": "x"}}
    events = "Content-Type: text/event-stream"
    first = b'id: 1\nevent: started\ndata: {}\n\nid: 2\nevent: ended\ndata: {"jo'
    last = f"id: 2\nevent: ended\ndata: {json.dumps({'job': job})}\n\n".encode()
    server.plays = [
        server.answering(chunked(first, headers=(events,), ended=False)),
        server.answering(chunked(last[:9], last[9:], headers=(events,))),
    ]
    assert dialer.call(server, "jobs.wait", "job_1") == job
    assert [request.headers["last-event-id"] for request in server.requests] == ["0", "1"]
