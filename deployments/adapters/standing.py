"""The state of every deployment: the replicas as Serve's controller counts them, and the models
that the replicas of the pools have loaded."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import ray
from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments.adapters.calling import CallPolicy, ask
from engines.types.deployments import DeploymentStanding, LoadedModel

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0
CONTROLLER, NAMESPACE = "SERVE_CONTROLLER_ACTOR", "serve"
"""Name and namespace of Serve's controller actor. Ray's dashboard finds it by them too."""
_RUNNING = ("RUNNING", "PENDING_MIGRATION")
_STOPPING = ("STOPPING",)

Details = Mapping[str, Any]
"""Description of one deployment: `status`, `message`, `target_num_replicas`, and `replicas`, each
with its `state`."""
AskDetails = Callable[[], Awaitable[Mapping[str, Details]]]


async def details_of_this_application() -> Mapping[str, Details]:
    """Description of each deployment of this application, by name, from Serve's controller.

    Raises translated errors, and `DeadlineExceeded` if the controller does not answer.
    """
    controller = await asyncio.to_thread(ray.get_actor, CONTROLLER, NAMESPACE)
    policy = CallPolicy(within_s=ANSWER_WITHIN_S)
    found = await ask(lambda: _Call(controller.get_serve_instance_details.remote()), policy)
    deployments: Mapping[str, Details] = found["applications"][
        serve.get_replica_context().app_name
    ]["deployments"]
    return deployments


class _Call:
    """An object reference in the form that `ask` needs: it can be awaited, and is canceled with
    its caller."""

    def __init__(self, reference: Any) -> None:
        self._reference = reference

    def __await__(self) -> Any:
        return self._reference.__await__()

    def cancel(self) -> None:
        ray.cancel(self._reference)


class ServeStanding:
    """`serve_app.services.Deployments` over Serve's controller and the pools' handles."""

    def __init__(
        self,
        details: AskDetails,
        pools: Mapping[str, DeploymentHandle],
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """`pools` has the deployments whose replicas load models, by the name of the deployment."""
        self._details = details
        self._pools = dict(pools)
        self._within_s = within_s

    async def standing(self) -> Sequence[DeploymentStanding]:
        found = await self._details()
        return await asyncio.gather(*(self._of(name, found[name]) for name in sorted(found)))

    async def _of(self, name: str, details: Details) -> DeploymentStanding:
        states = Counter(_word(each["state"]) for each in details.get("replicas", ()))
        running = sum(states[state] for state in _RUNNING)
        stopping = sum(states[state] for state in _STOPPING)
        return DeploymentStanding(
            name=name,
            status=_word(details["status"]),
            message=details.get("message", ""),
            target=details["target_num_replicas"],
            running=running,
            starting=states.total() - running - stopping,
            stopping=stopping,
            # A pool without replicas is not asked, because a call would start one.
            models=await self._models(name) if running and name in self._pools else {},
        )

    async def _models(self, name: str) -> dict[str, LoadedModel]:
        """The models of the replicas that answer in time. Replicas that do not answer are busy or
        about to end, and are left out."""
        asked = self._pools[name].broadcast("loaded_models")
        try:
            told = await asked.results_async(timeout_s=self._within_s, return_exceptions=True)
        except TimeoutError:
            logger.warning("no replica of %s said which models it has loaded", name)
            return {}
        loaded = [each for each in told if isinstance(each, Mapping)]
        ids = dict.fromkeys(model_id for each in loaded for model_id in each)
        return {model_id: _together([each.get(model_id) for each in loaded]) for model_id in ids}


def _together(sizes: Sequence[int | None]) -> LoadedModel:
    held = [each for each in sizes if each is not None]
    return LoadedModel(replicas=len(held), memory_bytes=max(held))


def _word(state: Any) -> str:
    """The value of one of Serve's enumerations, which may also come as plain text."""
    return str(getattr(state, "value", state))
