"""Make a declared dataset in this process, without Ray: for laptops, examples and tests."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TextIO

from batch.declared.maker import Maker, MakerWiring
from batch.declared.running import make_dataset
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.requirements import Requirements
from engines.datasets.spec.result import DatasetResult
from engines.datasets.spec.tries import Judged
from engines.types import GenerationRequest, StoredImage


@dataclass(frozen=True, slots=True)
class OneMaker:
    """Implements `Workshop` with one maker in this process."""

    maker: Maker
    requirements: Requirements

    @property
    def default_model(self) -> str:
        return self.maker.default_model

    async def make(self, request: GenerationRequest) -> StoredImage:
        return await self.maker.make(request)

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        return await self.maker.judge(image, request, self.requirements)

    async def discard(self, key: str) -> None:
        await self.maker.discard(key)


def make_here(
    plan: DatasetPlan, wiring: MakerWiring, stream: TextIO, in_flight: int = 4
) -> DatasetResult:
    """Make the missing images of the dataset. Blocks. Raises as `make_dataset` does."""
    with closing(Maker(wiring)) as maker:
        workshop = OneMaker(maker, plan.spec.require)
        return make_dataset(plan, workshop, wiring, in_flight, stream)
