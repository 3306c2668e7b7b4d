"""The application under test, with its clock and its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastapi import FastAPI

from engines.jobs.store import JobStore
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from serve_app.durable.counters import JobCounters
from serve_app.webhooks.wiring import NO_WEBHOOKS, WebhookWiring
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeClock

KEY = "test-key-1"
OTHER_KEY = "test-key-2"
HEADERS = {"X-API-Key": KEY}
SOCKET = f"/api/v1/ws/generation?api_key={KEY}"


@dataclass
class Api:
    GENEROUS: ClassVar[RateLimits] = RateLimits(
        generate="100000/minute", validate_="100000/minute", export="100000/minute"
    )
    app: FastAPI
    fakes: FakeServices
    clock: FakeClock


def build_api(
    fakes: FakeServices,
    config: ApiConfig,
    job_store: JobStore | None = None,
    keys: ApiKeys | None = None,
    job_counters: JobCounters | None = None,
    hooks: WebhookWiring = NO_WEBHOOKS,
) -> Api:
    """`create_app` as production calls it; only the clock and the services are fakes."""
    clock = FakeClock()
    app = create_app(
        fakes.services(),
        config,
        keys or ApiKeys([KEY, OTHER_KEY]),
        MemoryRateLimiter(config.rates, epoch_s=clock),
        clock=clock,
        draw_seed=lambda: 4242,
        job_store=job_store,
        job_counters=job_counters,
        hooks=hooks,
    )
    return Api(app, fakes, clock)
