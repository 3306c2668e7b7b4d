"""Clients that leave, break, lag or want too much."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from serve_app.config import ApiConfig, JobLimits, SocketLimits, StorageQuotas
from tests.serve_app.api import Api
from tests.serve_app.asgi import Socket, connected
from tests.serve_app.fakes import PNG
from tests.serve_app.socket_play import GENERATE, playing, steps
from tests.waiting import PATIENCE_S, until


async def first_step(api: Api, socket: Socket) -> dict[str, Any]:
    """Ask for an image and let it take one step; returns the message that tells of it."""
    api.fakes.generation.held = True
    socket.say(GENERATE)
    api.fakes.generation.release(1)
    return await socket.hear()


async def test_when_the_client_goes_its_jobs_stop() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.held = True
        socket.say({**GENERATE, "prompt": "a"})
        socket.say({**GENERATE, "prompt": "b"})
        api.fakes.generation.release(3)
        for _ in range(3):
            await socket.hear()
    assert len(api.fakes.generation.stopped) == 2
    assert api.fakes.generation.steps_done == 3


async def test_when_the_connection_breaks_under_a_send_the_jobs_stop() -> None:
    async with playing() as (api, socket):
        await first_step(api, socket)
        socket.broken = True
        api.fakes.generation.release(1)
        await until(lambda: bool(api.fakes.generation.stopped))


async def test_an_error_of_ours_under_a_report_is_logged_and_closes_the_socket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with playing() as (api, socket):
        await first_step(api, socket)
        socket.fault = ValueError("a bug of ours")
        api.fakes.generation.release(1)
        closed = await asyncio.wait_for(socket.outbox.get(), PATIENCE_S)
        assert (closed["type"], closed["code"]) == ("websocket.close", 1011)
    assert api.fakes.generation.stopped
    assert "a bug of ours" in caplog.text


async def test_a_client_that_leaves_without_reading_is_heard() -> None:
    async with playing() as (api, socket):
        await first_step(api, socket)
        socket.stall()
        api.fakes.generation.release(5)
        await until(lambda: api.fakes.generation.steps_done >= 6)
        socket.leave()
        await until(lambda: bool(api.fakes.generation.stopped))


async def test_a_reader_that_does_not_keep_up_gets_the_newest_progress() -> None:
    async with playing() as (api, socket):
        first = await first_step(api, socket)
        socket.stall()
        api.fakes.generation.release(40)
        await until(lambda: api.fakes.generation.steps_done >= 41)
        socket.resume()
        second, third = await socket.hear(), await socket.hear()
        api.fakes.generation.release(9)
        rest = await socket.hear_end()
        # Step 2 was in the blocked send already; 3 to 40 were coalesced into 41.
        assert steps([first, second, third]) == [1, 2, 41]
        assert steps(rest) == list(range(42, 51))


async def test_a_stalled_reader_never_stops_its_job() -> None:
    async with playing() as (api, socket):
        socket.stall()
        socket.say(GENERATE)
        await until(lambda: api.fakes.generation.steps_done >= 50)
        socket.resume()
        messages = await socket.hear_end()
        assert steps(messages)[-1] == 50
        assert steps(messages) == sorted(set(steps(messages)))
        assert messages[-1]["type"] == "result"


async def test_jobs_on_a_socket_are_capped() -> None:
    config = ApiConfig(sockets=SocketLimits(max_jobs=2), rates=Api.GENEROUS)
    async with playing(config) as (api, socket):
        api.fakes.generation.held = True
        for _ in range(3):
            socket.say({**GENERATE, "num_inference_steps": 1})
        refused = await socket.hear()
        assert refused["error"]["code"] == "OVERLOADED"
        assert refused["error"]["details"] == {"retry_after_s": 1.0}
        api.fakes.generation.release(2)
        for _ in range(4):
            assert (await socket.hear())["type"] in ("progress", "result")
        api.fakes.generation.release(1)
        socket.say({**GENERATE, "num_inference_steps": 1})
        assert (await socket.hear_end())[-1]["type"] == "result"


async def test_jobs_of_a_key_are_capped_over_all_its_sockets() -> None:
    config = ApiConfig(jobs=JobLimits(max_per_key=1), rates=Api.GENEROUS)
    async with playing(config) as (
        api,
        socket,
    ):
        api.fakes.generation.held = True
        socket.say(GENERATE)
        await until(lambda: bool(api.fakes.generation.running))
        async with connected(api.app) as other:
            other.say(GENERATE)
            assert (await other.hear())["error"]["code"] == "OVERLOADED"


async def test_sockets_of_a_key_are_capped_and_told_so() -> None:
    async with playing(ApiConfig(sockets=SocketLimits(max_per_key=1), rates=Api.GENEROUS)) as (
        api,
        _,
    ):
        async with connected(api.app) as second:
            assert (await second.hear())["error"]["code"] == "OVERLOADED"
            closed = await second.outbox.get()
            assert (closed["type"], closed["code"]) == ("websocket.close", 1013)
        async with connected(api.app, key="test-key-2") as of_another:
            of_another.say({"type": "?"})
            assert (await of_another.hear())["type"] == "error"


async def test_at_shutdown_every_job_is_told() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.held = True
        socket.say(GENERATE)
        await until(lambda: bool(api.fakes.generation.running))
        await api.app.state.context.jobs.close()
        assert (await socket.hear())["error"]["code"] == "CANCELED"


async def test_a_client_that_never_reads_its_result_does_not_get_it_past_the_quota() -> None:
    """The image is stored before it is told of, so it counts whether anybody hears of it."""

    quotas = StorageQuotas(max_bytes_per_key=10**9)
    async with playing(ApiConfig(rates=Api.GENEROUS, storage_quotas=quotas)) as (api, socket):
        socket.stall()
        socket.say(GENERATE)
        await until(lambda: bool(api.fakes.generation.started))
        await until(lambda: api.app.state.context.jobs.running == 0)
        socket.leave()
        await until(lambda: bool(api.fakes.usage.used))
    (used,) = api.fakes.usage.used.values()
    assert sum(used.values()) == len(PNG)
