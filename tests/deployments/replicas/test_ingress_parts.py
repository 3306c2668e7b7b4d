"""What the ingress replica is put together from: limits, limiter, readiness, the map of models."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from deployments import config_files
from deployments.adapters.generation import PooledGeneration
from deployments.adapters.readiness import HandleReadiness
from deployments.config import AppArgs
from deployments.replicas.ingress import asked_if_ready, rate_limiter
from deployments.replicas.rate_limiter import HandleRateLimiter, RateLimiterReplica
from deployments.settings import Settings
from deployments.wiring.effective import effective_api
from engines.errors import InvalidParameters, Overloaded, ReplicaLost
from engines.types import GenerationRequest
from serve_app.budgets.rate_limits import Bucket, BudgetState, MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from tests.deployments.adapters.test_adapters import Response

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


def args_of(name: str) -> AppArgs:
    return config_files.app_args(config_files.load(CONFIGS / f"{name}.yaml"))


class Method:
    """`handle.method`: remembers its calls and answers them."""

    def __init__(self, answer: Any = None, error: Exception | None = None, hangs: bool = False):
        self._answer, self._error, self._hangs = answer, error, hangs
        self.calls: list[tuple[Any, ...]] = []
        self.spaces: list[str | None] = []

    def remote(self, *arguments: Any, space: str | None = None) -> Any:
        self.calls.append(arguments)
        self.spaces.append(space)
        return Hanging() if self._hangs else Response(self._answer, self._error)


class Hanging(Response):
    """Answers when it is too late."""

    def __await__(self) -> Any:
        yield from asyncio.sleep(60).__await__()


class Handle:
    """A deployment's handle with the methods that a test gives it."""

    def __init__(self, **methods: Any) -> None:
        for name, method in methods.items():
            setattr(self, name, method)


def settings(**values: Any) -> Settings:
    return Settings(**{"data_root": "/srv/data", **values})


def test_the_environment_decides_the_root_and_the_budgets() -> None:
    api = effective_api(ApiConfig(), settings(rate_limit_generate="3/second"))
    assert api.data_root == "/srv/data"
    assert api.rates == RateLimits(generate="3/second")


@pytest.mark.parametrize("bucket", get_args(Bucket))
def test_the_environment_has_a_variable_for_every_budget(bucket: str) -> None:
    given = Settings.model_validate({"data_root": "/srv/data", f"rate_limit_{bucket}": "7/hour"})
    rates = effective_api(ApiConfig(), given).rates.model_dump(by_alias=True)
    assert rates[bucket] == "7/hour"


def test_a_budget_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="rate"):
        effective_api(ApiConfig(), settings(rate_limit_export="lots"))


def test_redis_without_an_address_is_refused_at_the_start() -> None:
    api = ApiConfig(rate_limiter="redis", ingress_replicas=2)
    with pytest.raises(InvalidParameters, match="INFERLOOP_REDIS_URL"):
        rate_limiter(api, settings(), None)


def test_the_config_chooses_who_counts() -> None:
    shared = ApiConfig(rate_limiter="actor", ingress_replicas=2)
    assert isinstance(rate_limiter(shared, settings(), Handle()), HandleRateLimiter)
    assert isinstance(rate_limiter(ApiConfig(), settings(), None), MemoryRateLimiter)


async def test_one_replica_counts_for_all_ingress_replicas() -> None:
    counting = RateLimiterReplica(RateLimits(generate="3/minute"))

    class Remote:
        def remote(self, *arguments: Any) -> Any:
            return counting.hit(*arguments)

    async def hits() -> list[bool]:
        ingresses = [HandleRateLimiter(Handle(hit=Remote())) for _ in range(2)]
        budgets: list[BudgetState] = [
            await ingresses[number % 2].hit("hash of a key", "generate") for number in range(5)
        ]
        return [budget.allowed for budget in budgets]

    assert await hits() == [True, True, True, False, False]


async def test_a_limiter_that_is_away_is_an_overload() -> None:
    from ray.serve.exceptions import DeploymentUnavailableError

    away = HandleRateLimiter(Handle(hit=Method(error=DeploymentUnavailableError("x"))))
    with pytest.raises(Overloaded):
        await away.hit("hash", "generate")


async def test_readiness_names_who_cannot_serve() -> None:
    from ray.exceptions import ActorDiedError

    handles = {
        "quality": Handle(ready=Method(True)),
        "privacy": Handle(ready=Method(error=ActorDiedError())),
        "exporter": Handle(ready=Method(False)),
        "diffusion-sd15": Handle(ready=Method(hangs=True)),
    }
    found = await HandleReadiness(handles, within_s=0.2).not_ready()
    assert found == ["privacy", "exporter", "diffusion-sd15"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("production", {"quality", "diffusion-sd15", "diffusion-sdxl"}),
        ("production-to-zero", {"quality"}),
    ],
)
def test_a_resting_pool_is_not_woken_by_the_question(config: str, expected: set[str]) -> None:
    args = args_of(config)
    pools = {pool.name: Handle() for pool in args.pools}
    assert set(asked_if_ready(args, pools, {"quality": Handle()})) == expected


def a_request(model_id: str, lora: str | None = None) -> GenerationRequest:
    return GenerationRequest(
        image_id="i",
        prompt="a fox",
        model_id=model_id,
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=1.0,
        seed=1,
        lora=lora,
    )


def generation() -> tuple[PooledGeneration, dict[str, Method]]:
    args = args_of("production")
    methods = {pool.name: Method() for pool in args.pools}
    handles: dict[str, Any] = {name: Handle(generate=method) for name, method in methods.items()}
    for handle in handles.values():
        handle.options = lambda stream, handle=handle: handle
    return PooledGeneration(args.pools, handles), methods


def test_a_model_goes_to_its_pool_under_any_of_its_names() -> None:
    pooled, methods = generation()
    for model_id in (
        "runwayml/stable-diffusion-v1-5",
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "stabilityai/stable-diffusion-xl-base-1.0",
    ):
        request = a_request(model_id)
        pooled.check(request)
        pooled.stream(request)
    assert [len(methods[name].calls) for name in ("sd15", "sdxl")] == [2, 1]


def test_a_model_that_no_pool_lists_is_refused_before_anything_runs() -> None:
    pooled, methods = generation()
    with pytest.raises(InvalidParameters, match="model_id") as caught:
        pooled.check(a_request("evil/pickle"))
    assert "stabilityai/stable-diffusion-xl-base-1.0" in caught.value.faults[0].constraint
    assert all(method.calls == [] for method in methods.values())


def test_an_adapter_that_the_model_does_not_list_is_refused() -> None:
    pooled, _ = generation()
    with pytest.raises(InvalidParameters, match="lora"):
        pooled.check(a_request("runwayml/stable-diffusion-v1-5", lora="unknown"))


async def test_a_validator_is_asked_once_more_after_a_death_and_no_more() -> None:
    from ray.exceptions import ActorDiedError

    from deployments.adapters.handles import HandleQuality
    from deployments.wiring.spaces import SpaceHandle

    method = Method(error=ActorDiedError())
    quality = HandleQuality(SpaceHandle(Handle(validate=method), "acme"))
    with pytest.raises(ReplicaLost):
        await quality.validate("generated/a.png", None)
    assert method.calls == [("generated/a.png", None)] * 2
    assert method.spaces == ["acme", "acme"]
