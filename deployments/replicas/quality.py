"""Quality validation on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from deployments.spaces import PerSpace
from deployments.wiring import FileWiring
from deployments.workers import WorkerPool
from engines.datasets.records.reading import prompt_of_image
from engines.datasets.store import DatasetStore
from engines.quality import QualityConfig, QualityValidator
from engines.quality.clip import load_metrics
from engines.types import QualityReport


@dataclass(frozen=True, slots=True)
class Judge:
    """The validator over the images of one space."""

    store: DatasetStore
    validator: QualityValidator


class QualityReplica:
    """Reads the image, judges it on one of a few worker threads, writes the verdict beside it."""

    def __init__(self, config: QualityConfig, files: FileWiring) -> None:
        config = config.model_copy(update={"limits": files.limits})
        models = load_metrics(config)  # once for all spaces
        pixels_of = files.pixel_reader(config.workers)

        def build(space: str | None) -> Judge:
            store = DatasetStore(files.data.in_space(space).storage())
            recorded = partial(prompt_of_image, store.storage)
            return Judge(store, QualityValidator(config, models, recorded, pixels_of))

        self._judges = PerSpace(build)
        self._workers = WorkerPool(config.workers, self._judges.get(None).validator.warm)

    async def validate(
        self,
        key: str,
        metrics: Sequence[str] | None,
        prompt: str | None = None,
        space: str | None = None,
    ) -> QualityReport:
        judge = await self._judges.of(space)
        content = await asyncio.to_thread(judge.store.storage.read, key)
        work = judge.validator.validate
        report = await self._workers.run(work, content, key, metrics, prompt)
        await asyncio.to_thread(judge.store.record_verdict, key, report)
        return report

    async def ready(self) -> bool:
        return True
