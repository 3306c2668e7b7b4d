"""What the routes share: built once per application, found through its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from serve_app.access.tickets import Tickets
from serve_app.config import ApiConfig
from serve_app.generation_requests import DrawSeed
from serve_app.ids import IdSource
from serve_app.jobs import JobService
from serve_app.paths import PathCodec
from serve_app.quota import Quota
from serve_app.rate_limits import RateLimiter
from serve_app.schemas.generation import GenerateMessageBody
from serve_app.services import Services


@dataclass(frozen=True, slots=True)
class Context:
    services: Services
    config: ApiConfig
    limiter: RateLimiter
    tickets: Tickets
    paths: PathCodec
    message_model: type[GenerateMessageBody]
    """Fields of a `generate` message, with the config's bounds."""
    jobs: JobService
    job_quota: Quota
    socket_quota: Quota
    ids: IdSource
    draw_seed: DrawSeed


# Both are async: FastAPI sends plain functions through a thread pool.
async def context_of(connection: HTTPConnection) -> Context:
    """Works for HTTP and WebSocket alike."""
    context: Context = connection.app.state.context
    return context


async def caller_of(connection: HTTPConnection) -> str:
    """Hash of the caller's API key: the middleware put the caller there."""
    key_hash: str = connection.state.caller.key_hash
    return key_hash


InContext = Annotated[Context, Depends(context_of)]
Caller = Annotated[str, Depends(caller_of)]
