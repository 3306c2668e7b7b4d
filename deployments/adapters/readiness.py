"""Whether every deployment can serve now, and whether the data root and Redis can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from ray.serve.handle import DeploymentHandle

from deployments.adapters.calling import CallPolicy, ask
from deployments.background import Threads
from engines.errors import InferloopError

ANSWER_WITHIN_S = 3.0
DATA_ROOT = "data-root"


class HandleReadiness:
    """Asks one replica of each deployment. One that does not answer in time is not ready.

    The ingress leaves out pools that may scale to zero, since having no replica is normal for them.
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
        except InferloopError:  # No replica answered in time, so the deployment is not ready.
            return False


class WithGuards:
    """Readiness of the deployments and of what they all need: the data root, Redis.

    For one event loop.
    """

    def __init__(
        self,
        deployments: HandleReadiness,
        guards: Mapping[str, Callable[[], None]],
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """A guard raises while the thing that it checks cannot be reached.

        It may block, forever if a file server hangs, so each guard has a thread of its own.
        """
        self._deployments = deployments
        self._guards = {name: _Guard(name, guard, within_s) for name, guard in guards.items()}

    async def not_ready(self) -> Sequence[str]:
        looks = asyncio.gather(*(guard.is_there() for guard in self._guards.values()))
        found, there = await asyncio.gather(self._deployments.not_ready(), looks)
        missing = [name for name, is_there in zip(self._guards, there, strict=True) if not is_there]
        return [*found, *missing]


class _Guard:
    def __init__(self, name: str, guard: Callable[[], None], within_s: float) -> None:
        self._guard = guard
        self._within_s = within_s
        self._threads = Threads(name, 1)
        self._looking: asyncio.Task[None] | None = None

    async def is_there(self) -> bool:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._threads.run(self._guard))
        await asyncio.wait({self._looking}, timeout=self._within_s)
        return self._looking.done() and self._looking.exception() is None
