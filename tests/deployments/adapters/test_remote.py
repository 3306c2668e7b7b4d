"""Adapters made of data: what they call on the handle, and that deployments have such methods."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from ray.exceptions import ActorDiedError

from deployments.adapters.calling import TWICE
from deployments.adapters.generation import HandlePool
from deployments.adapters.handles import (
    HandleDatasets,
    HandleExporter,
    HandlePrivacy,
    HandleProfiles,
    HandleQuality,
)
from deployments.adapters.remote import (
    HandleAdapter,
    RemoteMethod,
    RemoteStream,
    remote,
    streamed,
)
from deployments.replicas.diffusion import DiffusionReplica
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.replicas.rate_limiter import (
    HandleRateLimiter,
    HandleTickets,
    RateLimiterReplica,
)
from deployments.wiring.spaces import SpaceHandle
from engines.errors import ReplicaLost
from serve_app import services
from serve_app.access.tickets import TicketStore
from serve_app.budgets.rate_limits import RateLimiter
from tests.deployments.adapters.test_adapters import Response, Stream


class Shop:
    """A contract, as the ingress would know it."""

    async def price(self, of: str, currency: str = "EUR") -> int:
        raise NotImplementedError

    def visits(self, of: str) -> AsyncGenerator[int, None]:
        raise NotImplementedError


class HandleShop(HandleAdapter):
    price = remote(Shop.price, "price_of", TWICE)
    visits = streamed(Shop.visits)


class Recording:
    """A handle that answers from a list and remembers what it was asked."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.streams = False

    def options(self, *, stream: bool) -> Recording:
        self.streams = stream
        return self

    def __getattr__(self, name: str) -> Any:
        class Method:
            @staticmethod
            def remote(*args: Any, **kwargs: Any) -> Response:
                self.asked.append((name, args, kwargs))
                return self.answers.pop(0)

        return Method


async def test_a_call_reaches_the_deployments_method_as_it_was_made() -> None:
    handle = Recording(Response(answer=7))
    assert await HandleShop(handle).price("bread", currency="CHF") == 7
    assert handle.asked == [("price_of", ("bread",), {"currency": "CHF"})]
    assert not handle.streams


async def test_a_call_carries_the_space_of_its_handle() -> None:
    handle = Recording(Response(answer=7))
    await HandleShop(SpaceHandle(handle, "acme")).price("bread")
    assert handle.asked == [("price_of", ("bread",), {"space": "acme"})]


async def test_a_method_is_repeated_as_its_policy_says() -> None:
    handle = Recording(Response(error=ActorDiedError()), Response(answer=7))
    assert await HandleShop(handle).price("bread") == 7
    assert len(handle.asked) == 2


async def test_a_stream_is_asked_for_as_a_stream_and_never_repeated() -> None:
    handle = Recording(Stream([1, 2], ActorDiedError()), Stream([3]))
    seen: list[int] = []

    async def read() -> None:
        async for event in HandleShop(handle).visits("bread"):
            seen.append(event)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ReplicaLost):
        await read()
    assert (seen, len(handle.asked), handle.streams) == ([1, 2], 1, True)


async def test_two_adapters_of_a_class_call_their_own_handles() -> None:
    one, other = Recording(Response(answer=1)), Recording(Response(answer=2))
    first, second = HandleShop(one).price, HandleShop(other).price
    assert (await second("a"), await first("a")) == (2, 1)


PAIRS: list[tuple[type[HandleAdapter], type, type]] = [
    (HandleQuality, services.QualityValidation, QualityReplica),
    (HandlePrivacy, services.PrivacyValidation, PrivacyReplica),
    (HandleExporter, services.Exporter, ExporterReplica),
    (HandleDatasets, services.Datasets, ExporterReplica),
    (HandleProfiles, services.Profiles, ProfilesReplica),
    (HandleRateLimiter, RateLimiter, RateLimiterReplica),
    (HandleTickets, TicketStore, RateLimiterReplica),
]


def parameters(function: Any) -> list[tuple[str, object]]:
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.default) for each in found if each.name not in ("self", "space")]


@pytest.mark.parametrize(("adapter", "contract", "deployment"), PAIRS)
def test_every_method_of_a_contract_is_one_of_its_deployment(
    adapter: type[HandleAdapter], contract: type, deployment: type
) -> None:
    wanted = {name for name in vars(contract) if not name.startswith("_")}
    made = {
        name: each
        for name, each in vars(adapter).items()
        if isinstance(each, RemoteMethod | RemoteStream)
    }
    assert set(made) == wanted
    for name, each in made.items():
        theirs = getattr(deployment, each.method)
        assert parameters(theirs) == parameters(getattr(contract, name)), name
        assert inspect.isasyncgenfunction(theirs) == isinstance(each, RemoteStream), name


def test_a_pools_stream_is_the_replicas_generate() -> None:
    made = vars(HandlePool)["stream"]
    theirs = getattr(DiffusionReplica, made.method)
    assert parameters(theirs) == parameters(services.Generation.stream)
    assert inspect.isasyncgenfunction(theirs)
