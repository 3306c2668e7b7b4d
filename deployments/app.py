"""The builder: `deployments.app:build` in every Serve config file."""

# No `from __future__ import annotations`: Serve reads the type of `build`'s one parameter.
from collections.abc import Mapping
from functools import partial
from typing import Any

from ray import serve
from ray.serve import Application, Deployment

from deployments.config import AppArgs
from deployments.replicas.cpu import CpuReplica
from deployments.replicas.diffusion import DiffusionReplica
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.ingress import Ingress
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.replicas.rate_limiter import RateLimiterReplica
from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring
from deployments.wiring.effective import effective_api
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.marks import MarksWiring
from deployments.wiring.validators import PrivacyWiring, QualityWiring

CPU_DEFAULTS = {
    "ray_actor_options": {"num_cpus": 0.1},
    "max_ongoing_requests": 16,
    "max_queued_requests": 256,
    "health_check_period_s": 5.0,
    "graceful_shutdown_wait_loop_s": 0.2,
    "graceful_shutdown_timeout_s": 120.0,  # As long as a generation may take (Serve: 20 s).
}


QUICK_CHECKS = {"health_check_period_s": 2.0, "health_check_timeout_s": 10.0}
"""Health checks of replicas that never compute. A replica that hangs is replaced after three checks
without an answer, about 35 s. With Serve's defaults (10 s, 30 s) it would get requests for 118
s."""


def cpu(replica: type, name: str, **options: Any) -> Deployment:
    """A deployment without a GPU. The caller binds its arguments."""
    return serve.deployment(replica, name=name, **{**CPU_DEFAULTS, **options})


def diffusion(pool_wiring: DiffusionWiring) -> Deployment:
    """The deployment of one pool. The caller binds its arguments.

    A replica gets at most as many requests as fit into its steps; others wait in Serve's router.
    """
    bounds = pool_wiring.capacity()
    return serve.deployment(
        DiffusionReplica,
        name=f"diffusion-{pool_wiring.pool_name}",
        ray_actor_options={"num_cpus": 0.1},
        max_ongoing_requests=bounds.max_ongoing_requests,
        max_queued_requests=bounds.max_queued_requests,
        # A replica that hangs for 90 s and wakes up has lost nothing; after three checks, 91 s,
        # another takes its place (at once: RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS).
        health_check_period_s=2.0,
        health_check_timeout_s=30.0,
        graceful_shutdown_wait_loop_s=0.2,
        graceful_shutdown_timeout_s=120.0,
    )


def apart(parts: Mapping[str, tuple[type, Any]]) -> dict[str, Application]:
    """A separate deployment for each part. `parts`: name to replica class and its wiring."""
    return {name: cpu(replica, name).bind(wiring) for name, (replica, wiring) in parts.items()}


def together(parts: Mapping[str, tuple[type, Any]]) -> dict[str, Application]:
    """One deployment, `cpu`, with all parts. It limits the simultaneous calls of each part."""
    bounds = {"max_ongoing_requests": 256, "max_queued_requests": 1024}
    makers = {name: partial(replica, wiring) for name, (replica, wiring) in parts.items()}
    return dict.fromkeys(parts, cpu(CpuReplica, "cpu", **bounds).bind(makers))


def build(args: AppArgs) -> Application:
    """Compose every deployment behind the ingress. Replica counts come from the config file."""
    settings = Settings()
    data = DataRoot.of(settings, args.storage)
    files = FileWiring.of(settings, data, args.images, args.sandbox)
    models_root = str(settings.models_root.expanduser().absolute())
    marks = MarksWiring.of(settings, args.marks)
    wirings = [DiffusionWiring(pool, data, models_root, marks) for pool in args.pools]
    pools = {each.pool_name: diffusion(each).bind(each) for each in wirings}
    parts: dict[str, tuple[type, Any]] = {
        "quality": (QualityReplica, QualityWiring(args.quality, files)),
        "privacy": (PrivacyReplica, PrivacyWiring(args.privacy, files, marks)),
        "exporter": (ExporterReplica, ExportWiring(args.export, files, marks, args.evidence)),
        "profiles": (ProfilesReplica, ProfilesWiring(args.profiles, files, args.evidence)),
    }
    bound = together(parts) if args.one_cpu_process else apart(parts)
    validators = {name: bound[name] for name in ("quality", "privacy")}
    library = {name: bound[name] for name in ("exporter", "profiles")}
    counter = None
    if args.api.rate_limiter == "actor":
        rates = effective_api(args.api, settings).rates
        options: dict[str, Any] = {"max_ongoing_requests": 1000, **QUICK_CHECKS}
        counter = cpu(RateLimiterReplica, "rate-limiter", **options).bind(rates)
    ingress = serve.deployment(
        Ingress,
        name="ingress",
        ray_actor_options={"num_cpus": 0.1},
        max_ongoing_requests=1000,
        graceful_shutdown_wait_loop_s=0.2,
        **QUICK_CHECKS,
        graceful_shutdown_timeout_s=120.0,  # It holds the requests to all other deployments.
    )
    return ingress.bind(args, pools, validators, library, counter)
