"""Work stops when the client who asked for it leaves, whatever headers it sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from serve_app.config import ApiConfig
from tests.serve_app.api import Api, build_api
from tests.serve_app.asgi import Exchange
from tests.serve_app.fake_services import FakeServices
from tests.waiting import PATIENCE_S, until

SINGLE = ("/api/v1/generate", {"prompt": "a"})
BATCH = ("/api/v1/generate/batch", {"prompts": ["a", "b", "c"], "batch_size": 2})


@asynccontextmanager
async def held(path: str, body: object) -> AsyncIterator[tuple[Api, Exchange, asyncio.Task[None]]]:
    """A call whose image is being made; afterwards nothing of it is left running."""
    api = build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS))
    api.fakes.generation.held = True
    exchange = Exchange("POST", path, json.dumps(body).encode())

    async def call() -> None:
        await api.app(exchange.scope, exchange.receive, exchange.send)

    task = asyncio.create_task(call())
    await until(lambda: api.fakes.generation.running > 0)
    yield api, exchange, task
    context = api.app.state.context
    await until(lambda: context.jobs.running == 0)
    assert api.fakes.generation.running == 0
    assert context.job_quota.total == 0


@pytest.mark.parametrize(("path", "body"), [SINGLE, BATCH])
async def test_jobs_stop_when_the_client_leaves(path: str, body: object) -> None:
    async with held(path, body) as (api, exchange, task):
        api.fakes.generation.release(3)
        await until(lambda: api.fakes.generation.steps_done == 3)
        exchange.gone.set()
        await asyncio.wait_for(task, PATIENCE_S)
        assert exchange.status == 499
        assert api.fakes.generation.steps_done == 3
        assert len(api.fakes.generation.stopped) == len(api.fakes.generation.started)


@pytest.mark.parametrize(("path", "body"), [SINGLE, BATCH])
async def test_jobs_stop_when_the_server_cancels_the_call(path: str, body: object) -> None:
    async with held(path, body) as (api, _, task):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(api.fakes.generation.stopped) == len(api.fakes.generation.started)


async def test_a_client_that_waits_gets_its_image() -> None:
    async with held(*SINGLE) as (api, exchange, task):
        api.fakes.generation.release(50)
        await asyncio.wait_for(task, PATIENCE_S)
        assert exchange.status == 200
