"""Run makers as Ray actors. If a maker dies, Ray restarts it, and its images are made again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import ray
from ray.exceptions import RayActorError, RayTaskError

from batch.declared.config import DeclaredResources
from batch.declared.maker import Maker, MakerWiring
from engines.datasets.spec.requirements import Requirements
from engines.datasets.spec.tries import Judged
from engines.errors import InferloopError, ReplicaLost
from engines.types import GenerationRequest, StoredImage

logger = logging.getLogger(__name__)

T = TypeVar("T")
MakerHandle = Any
"""Handle of a `Maker` actor. Ray creates the class at run time, so there is no static type."""


@contextmanager
def makers_on_ray(wiring: MakerWiring, resources: DeclaredResources) -> Iterator[RayWorkshop]:
    """Start the makers; they run until the end of the block."""
    actor = ray.remote(Maker).options(
        num_cpus=resources.maker_cpus,
        num_gpus=resources.maker_gpus,
        max_concurrency=4 * resources.in_flight,
        max_restarts=-1,
    )
    handles = [actor.remote(wiring) for _ in range(resources.makers)]
    try:
        yield RayWorkshop(wiring.default_model, handles, resources.deaths)
    finally:
        for handle in handles:
            ray.kill(handle)


class RayWorkshop:
    """Implements `Workshop` with makers as Ray actors; for one event loop."""

    def __init__(self, default_model: str, makers: Sequence[MakerHandle], deaths: int) -> None:
        self.default_model = default_model
        self.requirements = Requirements()
        self._makers, self._deaths = makers, deaths
        self._busy = [0] * len(makers)

    async def make(self, request: GenerationRequest) -> StoredImage:
        # `repeated`: an image that a maker stored before it died is used.
        return await self._ask(lambda maker: maker.make.remote(request))

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        wanted = self.requirements
        return await self._ask(lambda maker: maker.judge.remote(image, request, wanted))

    async def discard(self, key: str) -> None:
        await self._ask(lambda maker: maker.discard.remote(key))

    async def _ask(self, call: Callable[[MakerHandle], Any]) -> Any:
        for _ in range(self._deaths):
            lane = self._busy.index(min(self._busy))
            self._busy[lane] += 1
            try:
                return await call(self._makers[lane])
            except RayActorError:
                logger.warning("a maker died; its work is repeated")
                await asyncio.sleep(0)
            except RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, InferloopError) else error from None
            finally:
                self._busy[lane] -= 1
        raise ReplicaLost(f"A maker died {self._deaths} times while it made one image")
