"""Kept jobs over the WebSocket: a socket that comes back misses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from serve_app.config import ApiConfig, SocketLimits
from tests.serve_app.api import Api, build_api
from tests.serve_app.asgi import Exchange, Socket, connected
from tests.serve_app.durable.playing import API
from tests.serve_app.fake_services import FakeServices
from tests.waiting import until

BODY = b'{"prompt": "a fox", "num_inference_steps": 4, "width": 64, "height": 64}'


async def submit(api: Api) -> str:
    """Id of a job."""
    exchange = Exchange("POST", f"{API}/generate", BODY)
    exchange.scope["headers"].append((b"prefer", b"respond-async"))
    await api.app(exchange.scope, exchange.receive, exchange.send)
    location = dict(exchange.sent[0]["headers"])[b"location"].decode()
    return str(location.rpartition("/")[2])


async def hear_to_end(socket: Socket) -> list[dict[str, Any]]:
    heard = [await socket.hear()]
    while heard[-1]["type"] == "event" and heard[-1]["event"] != "ended":
        heard.append(await socket.hear())
    return heard


@asynccontextmanager
async def playing(fakes: FakeServices | None = None, **config: Any) -> AsyncIterator[Api]:
    """The application beside a running job runner."""
    api = build_api(fakes or FakeServices(), ApiConfig(rates=Api.GENEROUS, **config))
    async with api.app.router.lifespan_context(api.app):
        yield api


async def test_a_socket_hears_a_job_to_its_end() -> None:
    async with playing() as api:
        job_id = await submit(api)
        async with connected(api.app) as socket:
            socket.say({"type": "subscribe", "job_id": job_id})
            heard = await hear_to_end(socket)
        assert [message["seq"] for message in heard] == list(range(1, len(heard) + 1))
        assert heard[0]["event"] == "queued"
        assert heard[-1]["job"]["state"] == "succeeded"
        assert heard[-1]["job"]["result"]["prompt"] == "a fox"


async def test_a_socket_that_comes_back_misses_nothing() -> None:
    fakes = FakeServices()
    fakes.generation.held = True

    async with playing(fakes) as api:
        job_id = await submit(api)
        await until(lambda: fakes.generation.running == 1)
        async with connected(api.app) as socket:
            socket.say({"type": "subscribe", "job_id": job_id})
            first = [await socket.hear() for _ in range(2)]
        fakes.generation.release(4)
        async with connected(api.app) as socket:
            socket.say({"type": "subscribe", "job_id": job_id, "after_seq": first[-1]["seq"]})
            rest = await hear_to_end(socket)
        assert [m["seq"] for m in first + rest] == list(range(1, len(first + rest) + 1))
        assert rest[-1]["job"]["state"] == "succeeded"  # it went on without its reader


async def test_a_socket_may_watch_and_generate_at_once() -> None:
    async with playing() as api:
        job_id = await submit(api)
        async with connected(api.app) as socket:
            socket.say({"type": "subscribe", "job_id": job_id})
            socket.say({"type": "generate", "prompt": "a cat", "num_inference_steps": 2})
            types: set[str] = set()
            while not {"result", "ended"} <= types:
                message = await socket.hear()
                types.add(message.get("event", message["type"]))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "subscribe", "job_id": "job_unknown"}, "NOT_FOUND"),
        ({"type": "subscribe"}, "INVALID_PARAMETERS"),
        ({"type": "subscribe", "job_id": "x", "after_seq": -1}, "INVALID_PARAMETERS"),
        ({"type": "subscribe", "job_id": "x", "after_seq": "1"}, "INVALID_PARAMETERS"),
    ],
)
async def test_what_cannot_be_watched_is_an_error_and_the_socket_lives_on(
    message: dict[str, object], code: str
) -> None:
    async with playing() as api, connected(api.app) as socket:
        socket.say(message)
        assert (await socket.hear())["error"]["code"] == code
        socket.say({"type": "generate", "prompt": "a cat", "num_inference_steps": 1})
        assert (await socket.hear_end())[-1]["type"] == "result"


async def test_a_socket_watches_a_bounded_number_of_jobs() -> None:
    fakes = FakeServices()
    fakes.generation.held = True

    async with playing(fakes, sockets=SocketLimits(max_jobs=2)) as api:
        jobs = [await submit(api) for _ in range(3)]
        async with connected(api.app) as socket:
            for job_id in (*jobs, jobs[0]):
                socket.say({"type": "subscribe", "job_id": job_id})
            heard: list[dict[str, Any]] = []
            while not heard or heard[-1]["type"] != "error":
                heard.append(await socket.hear())
            assert heard[-1]["error"]["code"] == "OVERLOADED"
        fakes.generation.release(100)
