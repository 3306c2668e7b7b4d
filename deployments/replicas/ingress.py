"""The ingress deployment: builds the ASGI application inside the replica."""

# No `from __future__ import annotations`: Serve looks at the real signatures of an ingress.
import asyncio
from typing import Any

import ray
from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments.adapters.generation import PooledGeneration
from deployments.adapters.readiness import DATA_ROOT, HandleReadiness, WithGuards
from deployments.adapters.services import Backends
from deployments.adapters.standing import ServeStanding, details_of_this_application
from deployments.adapters.uploads import UploadChecker
from deployments.config import AppArgs
from deployments.observing import logs
from deployments.observing.metrics import AccessMetrics, JobMetrics
from deployments.replicas.cpu import PartHandle
from deployments.replicas.rate_limiter import HandleRateLimiter, HandleTickets
from deployments.settings import Settings
from deployments.wiring.access import api_keys
from deployments.wiring.data import DataRoot
from deployments.wiring.effective import effective_api
from deployments.wiring.jobs import job_store
from deployments.wiring.marks import MarksWiring
from deployments.wiring.redis_guard import redis_guards
from engines.errors import InvalidParameters
from serve_app.access.tickets import MemoryTickets, TicketStore
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter, RateLimiter
from serve_app.config import ApiConfig
from serve_app.webhooks.signing import WebhookSecrets
from serve_app.webhooks.wiring import WebhookWiring


def rate_limiter(
    api: ApiConfig, settings: Settings, counter: DeploymentHandle | None
) -> RateLimiter:
    """The rate limiter that the config names. Raises `InvalidParameters` if a required setting is
    missing."""
    if api.rate_limiter == "redis":
        if settings.redis_url is None:
            raise InvalidParameters.of("INFERLOOP_REDIS_URL", None, "a Redis URL", "must be set")
        from serve_app.budgets.redis_rate_limiter import RedisRateLimiter

        return RedisRateLimiter(settings.redis_url, api.rates)
    if api.rate_limiter == "actor" and counter is not None:
        return HandleRateLimiter(counter)
    return MemoryRateLimiter(api.rates)


def ticket_store(
    api: ApiConfig, settings: Settings, counter: DeploymentHandle | None
) -> TicketStore:
    """The store of tickets. It is where budgets are counted, because all ingress replicas share
    that place."""
    if api.rate_limiter == "redis" and settings.redis_url is not None:
        from serve_app.access.redis_tickets import RedisTickets

        return RedisTickets(settings.redis_url)
    if api.rate_limiter == "actor" and counter is not None:
        return HandleTickets(counter)
    return MemoryTickets()


def machines() -> int:
    """The present number of machines of the cluster."""
    return sum(bool(node["Alive"]) for node in ray.nodes())


def asked_if_ready(
    args: AppArgs,
    pools: dict[str, DeploymentHandle],
    others: dict[str, Any],
) -> dict[str, Any]:
    """The deployments that the readiness check asks: name to handle. Pools with `scale_to_zero` are
    left out, because asking one would start a replica."""
    awake = {f"diffusion-{p.name}": pools[p.name] for p in args.pools if not p.scale_to_zero}
    return {**awake, **others}


@serve.ingress()
class Ingress:
    """The replica that serves the API. It passes all work to the other deployments."""

    def __init__(
        self,
        args: AppArgs,
        pools: dict[str, DeploymentHandle],
        validators: dict[str, Any],
        library: dict[str, Any],
        counter: DeploymentHandle | None = None,
    ) -> None:
        settings = Settings()
        logs.configure(settings.log_dir)
        api = effective_api(args.api_with_model_defaults(), settings)
        if args.one_cpu_process:
            validators = {name: PartHandle(each, name) for name, each in validators.items()}
            library = {name: PartHandle(each, name) for name, each in library.items()}
        shared = {} if counter is None else {"rate-limiter": counter}
        everything = asked_if_ready(args, pools, {**validators, **library, **shared})
        data = DataRoot.of(settings, args.storage)
        guards = {DATA_ROOT: data.guard(), **redis_guards(api, settings)}
        backends = Backends(
            generation=PooledGeneration(args.pools, pools),
            readiness=WithGuards(HandleReadiness(everything), guards),
            deployments=ServeStanding(
                details_of_this_application,
                {f"diffusion-{name}": handle for name, handle in pools.items()},
            ),
            validators=validators,
            library=library,
            storage_of=lambda space: data.in_space(space).storage(),
            images=args.images,
            uploads=UploadChecker(args.images, args.sandbox),
            anchors=MarksWiring.of(settings, args.marks).anchors(data.storage()),
            marks=args.marks,
        )
        limiter = rate_limiter(api, settings, counter)
        counters = AccessMetrics()
        keys = api_keys(settings, counters)
        self._app = create_app(
            backends.services(),
            api,
            keys,
            limiter,
            counters=counters,
            ticket_store=ticket_store(api, settings, counter),
            job_store=job_store(api, settings, machines()),
            job_counters=JobMetrics(),
            hooks=WebhookWiring(WebhookSecrets.of(settings.webhook_secret)),
        )

    def __serve_build_asgi_app__(self) -> FastAPI:
        return self._app

    async def ready(self) -> bool:
        """True once constructed."""
        await asyncio.sleep(0)
        return True
