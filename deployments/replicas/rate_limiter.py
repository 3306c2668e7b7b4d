"""Request budgets counted in one replica, for several ingress replicas without Redis."""

from __future__ import annotations

from ray.serve.handle import DeploymentHandle

from deployments.adapters.calling import call
from serve_app.config import RateLimits
from serve_app.rate_limits import Bucket, MovingWindow, Verdict


class RateLimiterReplica:
    """One replica counts for all; its windows are lost when it dies, and start full again."""

    def __init__(self, rates: RateLimits) -> None:
        self._window = MovingWindow(rates)

    async def hit(self, key_hash: str, bucket: Bucket) -> Verdict:
        return self._window.hit(key_hash, bucket)

    async def ready(self) -> bool:
        return True


class HandleRateLimiter:
    """`serve_app.rate_limits.RateLimiter` over the deployment's handle."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    async def hit(self, key_hash: str, bucket: Bucket) -> Verdict:
        verdict: Verdict = await call(self._handle.hit.remote(key_hash, bucket))
        return verdict
