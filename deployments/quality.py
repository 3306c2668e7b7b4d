"""Quality validation on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deployments.wiring import FileWiring
from engines.quality import QualityConfig, QualityValidator
from engines.storage.datasets import DatasetStore
from engines.types import QualityReport


class QualityReplica:
    """Reads the image, judges it on a worker thread, writes the verdict beside it."""

    def __init__(self, config: QualityConfig, files: FileWiring) -> None:
        self._storage = files.data.storage()
        self._store = DatasetStore(self._storage)
        self._validator = QualityValidator(config.model_copy(update={"limits": files.limits}))

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        return await asyncio.to_thread(self._validate, key, metrics, prompt)

    def _validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None
    ) -> QualityReport:
        report = self._validator.validate(self._storage.read(key), key, metrics, prompt)
        self._store.record_verdict(key, report)
        return report

    async def ready(self) -> bool:
        return True
