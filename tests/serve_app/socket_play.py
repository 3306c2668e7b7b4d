"""Plays a scenario on a connected socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from serve_app.config import ApiConfig
from tests.serve_app.api import Api, build_api
from tests.serve_app.asgi import Socket, connected
from tests.serve_app.fake_services import FakeServices
from tests.waiting import until

GENERATE = {"type": "generate", "prompt": "A beautiful sunset over mountains", "width": 512}


def run(
    scenario: Callable[[Api, Socket], Awaitable[None]],
    config: ApiConfig | None = None,
    fakes: FakeServices | None = None,
) -> Api:
    """Play a scenario on a connected socket, and check that nothing is left running."""

    async def main() -> Api:
        api = build_api(fakes or FakeServices(), config or ApiConfig(rates=Api.GENEROUS))
        async with connected(api.app) as socket:
            await scenario(api, socket)
        context = api.app.state.context
        await until(lambda: not context.jobs.running)
        assert api.fakes.generation.running == 0
        assert context.job_quota.total == 0
        assert context.socket_quota.total == 0
        return api

    return asyncio.run(main())


def steps(messages: list[dict[str, Any]]) -> list[int]:
    return [message["step"] for message in messages if message["type"] == "progress"]
