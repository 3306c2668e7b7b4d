"""Plays a scenario on a connected socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from serve_app.config import ApiConfig
from tests.serve_app.asgi import Socket, connected, until
from tests.serve_app.face import Face, build_face
from tests.serve_app.house import House

GENERATE = {"type": "generate", "prompt": "A beautiful sunset over mountains", "width": 512}


def run(
    scenario: Callable[[Face, Socket], Awaitable[None]],
    config: ApiConfig | None = None,
    house: House | None = None,
) -> Face:
    """Play a scenario on a connected socket, and check that nothing is left running."""

    async def main() -> Face:
        face = build_face(house or House(), config or ApiConfig(rates=Face.GENEROUS))
        async with connected(face.app) as socket:
            await scenario(face, socket)
        context = face.app.state.context
        await until(lambda: not context.jobs.running)
        assert face.house.generation.running == 0
        assert context.job_quota.total == 0
        assert context.socket_quota.total == 0
        return face

    return asyncio.run(main())


def steps(messages: list[dict[str, Any]]) -> list[int]:
    return [message["step"] for message in messages if message["type"] == "progress"]
