"""Whether every deployment can serve now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from ray.serve.handle import DeploymentHandle

from deployments.adapters.calling import CallPolicy, ask
from engines.errors import InferloopError

ANSWER_WITHIN_S = 3.0


class HandleReadiness:
    """Asks one replica of each deployment; one that does not answer in time is not ready.

    A pool that may scale to zero is left out by the ingress: no replica is its rest state.
    """

    def __init__(
        self, handles: Mapping[str, DeploymentHandle], within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._handles = dict(handles)
        self._policy = CallPolicy(within_s=within_s)

    async def not_ready(self) -> Sequence[str]:
        answers = await asyncio.gather(*(self._ready(handle) for handle in self._handles.values()))
        return [name for name, ready in zip(self._handles, answers, strict=True) if not ready]

    async def _ready(self, handle: DeploymentHandle) -> bool:
        try:
            return bool(await ask(lambda: handle.ready.remote(), self._policy))
        except InferloopError:  # no replica answers in time: that is the finding
            return False
