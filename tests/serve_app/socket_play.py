"""A connected WebSocket for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from serve_app.config import ApiConfig
from tests.serve_app.api import Api, build_api
from tests.serve_app.asgi import Socket, connected
from tests.serve_app.fake_services import FakeServices
from tests.waiting import until

GENERATE = {"type": "generate", "prompt": "A beautiful sunset over mountains", "width": 512}


@asynccontextmanager
async def playing(
    config: ApiConfig | None = None, fakes: FakeServices | None = None
) -> AsyncIterator[tuple[Api, Socket]]:
    """A connected WebSocket. After it is closed, checks that no generation is still running."""
    api = build_api(fakes or FakeServices(), config or ApiConfig(rates=Api.GENEROUS))
    async with connected(api.app) as socket:
        yield api, socket
    context = api.app.state.context
    await until(lambda: not context.jobs.running)
    assert api.fakes.generation.running == 0
    assert context.job_quota.total == 0
    assert context.socket_quota.total == 0


def steps(messages: list[dict[str, Any]]) -> list[int]:
    return [message["step"] for message in messages if message["type"] == "progress"]
