"""The production application in this process, with a generation that answers at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, cast

from fastapi import FastAPI
from starlette.types import Message

from engines.jobs.store import JobStore
from engines.types import GenerationEvent, GenerationRequest, StoredImage
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from serve_app.services import Services

KEY = "key-of-the-benchmark-of-jobs"
SMALL = json.dumps({"prompt": "a fox", "num_inference_steps": 1, "width": 64, "height": 64})


class InstantGeneration:
    """Implements `Generation`: returns every image at once."""

    def check(self, request: GenerationRequest) -> None:
        """Accepts every request."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yields the image, without steps."""
        key = f"generated/{request.image_id}.png"
        yield StoredImage(key, "instant", request.seed, "ab" * 32, 1000)


def application(job_store: JobStore | None = None) -> FastAPI:
    """The application with generation only. All other services are None."""
    nothing = cast(Any, None)
    services = Services(
        generation=InstantGeneration(),
        quality=nothing,
        privacy=nothing,
        exporter=nothing,
        datasets=nothing,
        profiles=nothing,
        files=nothing,
        usage=nothing,
        provenance=nothing,
        readiness=nothing,
        deployments=nothing,
    )
    config = ApiConfig(rates=RateLimits(generate="1000000/minute"))
    limiter = MemoryRateLimiter(config.rates)
    return create_app(services, config, ApiKeys([KEY]), limiter, job_store=job_store)


async def generate(app: FastAPI, headers: dict[str, str]) -> int:
    """Status of one small generation. The client does not disconnect."""
    sent: list[Message] = []
    body = [{"type": "http.request", "body": SMALL.encode(), "more_body": False}]

    async def receive() -> Message:
        if body:
            return body.pop()
        await asyncio.Event().wait()
        raise AssertionError("the client stays")

    async def send(message: Message) -> None:
        sent.append(message)

    every = {"x-api-key": KEY, **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("benchmark", 80),
        "method": "POST",
        "path": "/api/v1/generate",
        "raw_path": b"/api/v1/generate",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in every.items()],
    }
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status
