"""Quality validation on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from deployments.wiring import FileWiring
from deployments.workers import WorkerPool
from engines.datasets.records.reading import prompt_of_image
from engines.datasets.store import DatasetStore
from engines.quality import QualityConfig, QualityValidator
from engines.types import QualityReport


class QualityReplica:
    """Reads the image, judges it on one of a few worker threads, writes the verdict beside it."""

    def __init__(self, config: QualityConfig, files: FileWiring) -> None:
        self._storage = files.data.storage()
        self._store = DatasetStore(self._storage)
        self._validator = QualityValidator(
            config.model_copy(update={"limits": files.limits}),
            recorded_prompt=partial(prompt_of_image, self._storage),
        )
        self._workers = WorkerPool(config.workers, self._validator.warm)

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        content = await asyncio.to_thread(self._storage.read, key)
        report = await self._workers.run(self._validator.validate, content, key, metrics, prompt)
        await asyncio.to_thread(self._store.record_verdict, key, report)
        return report

    async def ready(self) -> bool:
        return True
