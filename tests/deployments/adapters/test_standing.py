"""How deployments stand: counted by Serve's controller, and told by the replicas of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from deployments.adapters.standing import ServeStanding
from engines.errors import DeadlineExceeded
from engines.types.deployments import DeploymentStanding, LoadedModel


class State(StrEnum):
    """As Serve's own states are."""

    RUNNING = "RUNNING"
    STARTING = "STARTING"


def details(*states: str, status: str = "HEALTHY", target: int = 1, **more: Any) -> dict[str, Any]:
    replicas = [{"state": state} for state in states]
    return {"status": status, "target_num_replicas": target, "replicas": replicas, **more}


class Broadcast:
    """A pool's handle whose replicas tell these."""

    def __init__(self, *told: Any, late: bool = False) -> None:
        self.told, self.late, self.asked = list(told), late, 0

    def broadcast(self, method: str) -> Broadcast:
        assert method == "loaded_models"
        self.asked += 1
        return self

    async def results_async(self, *, timeout_s: float, return_exceptions: bool) -> list[Any]:
        assert timeout_s > 0
        assert return_exceptions
        if self.late:
            raise TimeoutError
        return self.told


async def standing(
    found: Mapping[str, Mapping[str, Any]], **pools: Any
) -> Mapping[str, DeploymentStanding]:
    async def told() -> Mapping[str, Mapping[str, Any]]:
        return found

    every = await ServeStanding(told, pools).standing()
    assert [each.name for each in every] == sorted(found)
    return {each.name: each for each in every}


async def test_replicas_are_counted_by_what_they_do() -> None:
    busy = details(
        "RUNNING", "PENDING_MIGRATION", "STARTING", "UPDATING", "RECOVERING", "STOPPING",
        status="UPDATING", target=5, message="scaling",
    )  # fmt: skip
    found = await standing({"quality": busy, "privacy": details("RUNNING")})
    quality = found["quality"]
    assert (quality.running, quality.starting, quality.stopping) == (2, 3, 1)
    assert (quality.target, quality.healthy, quality.message) == (5, False, "scaling")
    assert found["privacy"].healthy


async def test_states_may_be_enumerations() -> None:
    raw = {
        "status": State.STARTING,
        "target_num_replicas": 2,
        "replicas": [{"state": State.RUNNING}, {"state": State.STARTING}],
    }
    found = (await standing({"quality": raw}))["quality"]
    assert (found.status, found.running, found.starting) == ("STARTING", 1, 1)


async def test_a_deployment_that_cannot_start_shows_what_it_should_have() -> None:
    found = (await standing({"quality": details(status="UNHEALTHY", target=3)}))["quality"]
    assert (found.target, found.running, found.starting, found.healthy) == (3, 0, 0, False)


async def test_models_are_told_by_every_replica_of_a_pool() -> None:
    handle = Broadcast({"mini": 10, "xl": 900}, {"mini": 10}, RuntimeError("gone"))
    found = await standing({"diffusion": details("RUNNING", "RUNNING")}, diffusion=handle)
    assert found["diffusion"].models == {"mini": LoadedModel(2, 10), "xl": LoadedModel(1, 900)}


async def test_replicas_that_do_not_answer_hide_nothing_else() -> None:
    found = await standing({"diffusion": details("RUNNING")}, diffusion=Broadcast(late=True))
    assert (found["diffusion"].running, found["diffusion"].models) == (1, {})


async def test_a_pool_that_rests_is_not_woken() -> None:
    handle = Broadcast({"mini": 1})
    assert await standing({"diffusion": details(target=0)}, diffusion=handle)
    assert handle.asked == 0


async def test_a_controller_that_does_not_answer_is_an_error() -> None:
    async def late() -> Mapping[str, Mapping[str, Any]]:
        raise DeadlineExceeded(3.0)

    with pytest.raises(DeadlineExceeded):
        await ServeStanding(late, {}).standing()
