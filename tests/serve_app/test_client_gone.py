"""Work stops when the client who asked for it leaves, whatever headers it sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from serve_app.config import ApiConfig
from tests.serve_app.asgi import Exchange, until
from tests.serve_app.face import Face, build_face
from tests.serve_app.house import House

SINGLE = ("/api/v1/generate", {"prompt": "a"})
BATCH = ("/api/v1/generate/batch", {"prompts": ["a", "b", "c"], "batch_size": 2})


def run(
    path: str,
    body: object,
    scenario: Callable[[Face, Exchange, asyncio.Task[None]], Awaitable[None]],
) -> None:
    async def main() -> None:
        face = build_face(House(), ApiConfig(rates=Face.GENEROUS))
        face.house.generation.held = True
        exchange = Exchange("POST", path, json.dumps(body).encode())

        async def call() -> None:
            await face.app(exchange.scope, exchange.receive, exchange.send)

        task = asyncio.create_task(call())
        await until(lambda: face.house.generation.running > 0)
        await scenario(face, exchange, task)
        context = face.app.state.context
        await until(lambda: context.jobs.running == 0)
        assert face.house.generation.running == 0
        assert context.job_quota.total == 0

    asyncio.run(main())


@pytest.mark.parametrize(("path", "body"), [SINGLE, BATCH])
def test_jobs_stop_when_the_client_leaves(path: str, body: object) -> None:
    async def scenario(face: Face, exchange: Exchange, task: asyncio.Task[None]) -> None:
        face.house.generation.release(3)
        await until(lambda: face.house.generation.steps_done == 3)
        exchange.gone.set()
        await asyncio.wait_for(task, 5)
        assert exchange.status == 499
        assert face.house.generation.steps_done == 3
        assert len(face.house.generation.stopped) == len(face.house.generation.started)

    run(path, body, scenario)


@pytest.mark.parametrize(("path", "body"), [SINGLE, BATCH])
def test_jobs_stop_when_the_server_cancels_the_call(path: str, body: object) -> None:
    async def scenario(face: Face, exchange: Exchange, task: asyncio.Task[None]) -> None:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(face.house.generation.stopped) == len(face.house.generation.started)

    run(path, body, scenario)


def test_a_client_that_waits_gets_its_image() -> None:
    async def scenario(face: Face, exchange: Exchange, task: asyncio.Task[None]) -> None:
        face.house.generation.release(50)
        await asyncio.wait_for(task, 5)
        assert exchange.status == 200

    run(*SINGLE, scenario)
