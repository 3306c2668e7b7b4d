"""Assembly of the application: middleware, routes, error rendering, the WebSocket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from engines.errors import InferloopError
from engines.jobs.store import JobStore
from engines.protocols import Clock
from serve_app.access.api_keys import ApiKeys, utc_now
from serve_app.access.audit import AuditLog, AuditNote
from serve_app.access.caller import NOBODY
from serve_app.access.counters import AccessCounters, NoCounters
from serve_app.access.tickets import MemoryTickets, Tickets, TicketStore
from serve_app.budgets.quota import Quota
from serve_app.budgets.rate_limits import RateLimiter
from serve_app.config import ApiConfig
from serve_app.context import Context
from serve_app.datasets.running import RunningDatasets
from serve_app.durable.counters import JobCounters
from serve_app.durable.entrance import Entrance
from serve_app.durable.keeping import KeptJobs, memory_store
from serve_app.durable.runner import JobRunner
from serve_app.errors import BatchFailed, render
from serve_app.generation.jobs import JobService
from serve_app.generation.requests import DrawSeed
from serve_app.ids import IdSource, draw_seed
from serve_app.middleware.stack import middleware_stack
from serve_app.openai.router import openai_router
from serve_app.pages import router as pages
from serve_app.pages.assets import Content
from serve_app.paths import API_PREFIX, PathCodec
from serve_app.readiness import SharedReadiness
from serve_app.routes import images, jobs, profiles, provenance, validate
from serve_app.routes.datasets import datasets, declared, export, looking, reports
from serve_app.routes.generate import generation_router
from serve_app.routes.service import callers, deployments, health, models, tickets, webhooks
from serve_app.schemas.bounds.alike import made_once
from serve_app.schemas.bounds.bounded import generate_message_model
from serve_app.schemas.openapi.document import DocumentedApi
from serve_app.services import Services
from serve_app.webhooks.delivering import Deliverer
from serve_app.webhooks.signing import WebhookSecrets
from serve_app.webhooks.wiring import NO_WEBHOOKS, WebhookWiring
from serve_app.ws import endpoint

OPENAI_PREFIX = "/v1"
VERSION = "1.0.0"
"""Version of the API, not of the package."""

_RENDERED = (InferloopError, BatchFailed, RequestValidationError, HTTPException, Exception)


def create_app(
    services: Services,
    config: ApiConfig,
    keys: ApiKeys,
    limiter: RateLimiter,
    *,
    clock: Clock = time.monotonic,
    ids: IdSource | None = None,
    draw_seed: DrawSeed = draw_seed,
    counters: AccessCounters | None = None,
    ticket_store: TicketStore | None = None,
    job_store: JobStore | None = None,
    job_counters: JobCounters | None = None,
    hooks: WebhookWiring = NO_WEBHOOKS,
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The whole ASGI application. Two applications share nothing except their routes.

    `clock`: monotonic seconds. `ids` makes ids, and `draw_seed` the seeds that clients leave out.
    `counters` counts wrong keys; `now` gives the times in the audit log. `ticket_store`: the
    tickets of all ingress replicas; None: in memory, for one replica. `job_store`: the durable
    jobs; None: in memory, for one process. `job_counters` counts jobs; `hooks` sends their events
    to webhooks.

    Raises `InvalidParameters` if webhooks are allowed but there is no secret.
    """
    hooks.check(config.webhooks)
    ids, audit = ids or IdSource(), AuditLog(now)
    issued = Tickets(ticket_store or MemoryTickets(clock))
    kept, entrance = KeptJobs(job_store or memory_store(config.durable), job_counters), Entrance()
    context = _context(
        services,
        config,
        keys,
        limiter,
        issued,
        clock,
        ids,
        draw_seed,
        audit,
        kept,
        hooks.secrets,
    )
    middleware = middleware_stack(
        config, keys, issued, ids, counters or NoCounters(), audit, clock, entrance
    )
    app = _bare_app(middleware)
    app.state.context = context
    app.state.runner = JobRunner(kept, entrance, keys, audit, config.durable)
    app.state.deliverer = Deliverer(kept, keys, config.webhooks, hooks)
    app.state.document = partial(_document, config)
    app.router.routes.extend(_routes(config))
    return app


def _bare_app(middleware: list[Middleware]) -> FastAPI:
    return DocumentedApi(
        title="Inferloop Synthetic Images",
        version=VERSION,
        description="Synthetic image datasets as a service.",
        docs_url=None,  # FastAPI's page loads scripts from another host
        redoc_url=None,
        openapi_url=None,  # served by `serve_app.pages`, compressed
        redirect_slashes=False,
        middleware=middleware,
        generate_unique_id_function=_operation_id,
        exception_handlers=dict.fromkeys(_RENDERED, render),
        lifespan=_lifespan,
    )


@made_once
def _routes(config: ApiConfig) -> Sequence[BaseRoute]:
    """All routes. They get the application's objects from each request, so applications can share
    them."""
    router = APIRouter(generate_unique_id_function=_operation_id)
    router.include_router(health.router)
    router.include_router(pages.router)
    router.include_router(_api_router(config), prefix=API_PREFIX)
    router.include_router(openai_router(config), prefix=OPENAI_PREFIX)
    return tuple(router.routes)


@made_once
def _document(config: ApiConfig) -> Content:
    """The OpenAPI document, compressed."""
    app = _bare_app([])
    app.router.routes.extend(_routes(config))
    return Content.of(json.dumps(app.openapi()).encode())


def _api_router(config: ApiConfig) -> APIRouter:
    api = APIRouter()
    api.include_router(generation_router(config))
    library = (profiles, export, images, datasets, looking, declared, provenance, reports)
    for area in (
        models,
        callers,
        deployments,
        validate,
        *library,
        jobs,
        webhooks,
        tickets,
        endpoint,
    ):
        api.include_router(area.router)
    return api


def _operation_id(route: APIRoute) -> str:
    """The endpoint's name, such as "generate_image", which generated clients use as method name."""
    return route.name


def _context(
    services: Services,
    config: ApiConfig,
    keys: ApiKeys,
    limiter: RateLimiter,
    issued: Tickets,
    clock: Clock,
    ids: IdSource,
    draw_seed: DrawSeed,
    audit_log: AuditLog,
    kept: KeptJobs,
    webhook_secrets: WebhookSecrets,
) -> Context:
    shared = SharedReadiness(services.readiness, clock)
    return Context(
        services=replace(services, readiness=shared),
        config=config,
        limiter=limiter,
        tickets=issued,
        paths=PathCodec(config.data_root),
        message_model=generate_message_model(config),
        jobs=JobService(services.generation, config.jobs, ids.job, clock).in_space(None),
        job_quota=Quota("jobs", config.jobs.max_per_key),
        socket_quota=Quota("sockets", config.sockets.max_per_key),
        download_quota=Quota(
            "downloads", config.downloads.max_per_key, total=config.downloads.max_total
        ),
        stream_quota=Quota("event streams", config.durable.max_streams_per_key),
        running_datasets=RunningDatasets(),
        kept=kept,
        webhook_secrets=webhook_secrets,
        ids=ids,
        draw_seed=draw_seed,
        keys=keys,
        caller=NOBODY,
        audit=AuditNote(),
        audit_log=audit_log,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    running = [
        asyncio.create_task(app.state.runner.run(app)),
        asyncio.create_task(app.state.deliverer.run()),
    ]
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await context.jobs.close()
