"""Clients that leave, break, lag or want too much."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from serve_app.config import ApiConfig, JobLimits, SocketLimits, StorageQuotas
from tests.serve_app.asgi import Socket, connected, until
from tests.serve_app.face import Face
from tests.serve_app.fakes import PNG
from tests.serve_app.socket_play import GENERATE, run, steps


async def first_step(face: Face, socket: Socket) -> dict[str, Any]:
    """Ask for an image and let it take one step; returns the message that tells of it."""
    face.house.generation.held = True
    socket.say(GENERATE)
    face.house.generation.release(1)
    return await socket.hear()


def test_when_the_client_goes_its_jobs_stop() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        face.house.generation.held = True
        socket.say({**GENERATE, "prompt": "a"})
        socket.say({**GENERATE, "prompt": "b"})
        face.house.generation.release(3)
        for _ in range(3):
            await socket.hear()

    face = run(scenario)
    assert len(face.house.generation.stopped) == 2
    assert face.house.generation.steps_done == 3


def test_when_the_connection_breaks_under_a_send_the_jobs_stop() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        await first_step(face, socket)
        socket.broken = True
        face.house.generation.release(1)
        await until(lambda: bool(face.house.generation.stopped))

    run(scenario)


def test_an_error_of_ours_under_a_report_is_logged_and_closes_the_socket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        await first_step(face, socket)
        socket.fault = ValueError("a bug of ours")
        face.house.generation.release(1)
        closed = await asyncio.wait_for(socket.outbox.get(), 5)
        assert (closed["type"], closed["code"]) == ("websocket.close", 1011)

    face = run(scenario)
    assert face.house.generation.stopped
    assert "a bug of ours" in caplog.text


def test_a_client_that_leaves_without_reading_is_heard() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        await first_step(face, socket)
        socket.stall()
        face.house.generation.release(5)
        await until(lambda: face.house.generation.steps_done >= 6)
        socket.leave()
        await until(lambda: bool(face.house.generation.stopped))

    run(scenario)


def test_a_reader_that_does_not_keep_up_gets_the_newest_progress() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        first = await first_step(face, socket)
        socket.stall()
        face.house.generation.release(40)
        await until(lambda: face.house.generation.steps_done >= 41)
        socket.resume()
        second, third = await socket.hear(), await socket.hear()
        face.house.generation.release(9)
        rest = await socket.hear_end()
        # Step 2 was in the blocked send already; 3 to 40 were coalesced into 41.
        assert steps([first, second, third]) == [1, 2, 41]
        assert steps(rest) == list(range(42, 51))

    run(scenario)


def test_a_stalled_reader_never_stops_its_job() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        socket.stall()
        socket.say(GENERATE)
        await until(lambda: face.house.generation.steps_done >= 50)
        socket.resume()
        messages = await socket.hear_end()
        assert steps(messages)[-1] == 50
        assert steps(messages) == sorted(set(steps(messages)))
        assert messages[-1]["type"] == "result"

    run(scenario)


def test_jobs_on_a_socket_are_capped() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        face.house.generation.held = True
        for _ in range(3):
            socket.say({**GENERATE, "num_inference_steps": 1})
        refused = await socket.hear()
        assert refused["error"]["code"] == "OVERLOADED"
        assert refused["error"]["details"] == {"retry_after_s": 1.0}
        face.house.generation.release(2)
        for _ in range(4):
            assert (await socket.hear())["type"] in ("progress", "result")
        face.house.generation.release(1)
        socket.say({**GENERATE, "num_inference_steps": 1})
        assert (await socket.hear_end())[-1]["type"] == "result"

    config = ApiConfig(sockets=SocketLimits(max_jobs=2), rates=Face.GENEROUS)
    run(scenario, config)


def test_jobs_of_a_key_are_capped_over_all_its_sockets() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        face.house.generation.held = True
        socket.say(GENERATE)
        await until(lambda: bool(face.house.generation.running))
        async with connected(face.app) as other:
            other.say(GENERATE)
            assert (await other.hear())["error"]["code"] == "OVERLOADED"

    run(scenario, ApiConfig(jobs=JobLimits(max_per_key=1), rates=Face.GENEROUS))


def test_sockets_of_a_key_are_capped_and_told_so() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        async with connected(face.app) as second:
            assert (await second.hear())["error"]["code"] == "OVERLOADED"
            closed = await second.outbox.get()
            assert (closed["type"], closed["code"]) == ("websocket.close", 1013)
        async with connected(face.app, key="test-key-2") as of_another:
            of_another.say({"type": "?"})
            assert (await of_another.hear())["type"] == "error"

    run(scenario, ApiConfig(sockets=SocketLimits(max_per_key=1), rates=Face.GENEROUS))


def test_at_shutdown_every_job_is_told() -> None:
    async def scenario(face: Face, socket: Socket) -> None:
        face.house.generation.held = True
        socket.say(GENERATE)
        await until(lambda: bool(face.house.generation.running))
        await face.app.state.context.jobs.close()
        assert (await socket.hear())["error"]["code"] == "CANCELED"

    run(scenario)


def test_a_client_that_never_reads_its_result_does_not_get_it_past_the_quota() -> None:
    """The image is stored before it is told of, so it counts whether anybody hears of it."""

    async def scenario(face: Face, socket: Socket) -> None:
        socket.stall()
        socket.say(GENERATE)
        await until(lambda: bool(face.house.generation.started))
        await until(lambda: face.app.state.context.jobs.running == 0)
        socket.leave()
        await until(lambda: bool(face.house.usage.used))

    quotas = StorageQuotas(max_bytes_per_key=10**9)
    face = run(scenario, ApiConfig(rates=Face.GENEROUS, storage_quotas=quotas))
    (used,) = face.house.usage.used.values()
    assert sum(used.values()) == len(PNG)
