"""Quality validation on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deployments.observing.refusals import leave_out_refusals
from deployments.wiring.validators import JudgeWiring
from deployments.wiring.workers import WorkerPool
from engines.types import QualityReport

if TYPE_CHECKING:
    from engines.quality import QualityValidator


class QualityReplica:
    """Judges images on a few worker threads, and stores the verdict with each image."""

    def __init__(self, wiring: JudgeWiring[QualityValidator]) -> None:
        leave_out_refusals()
        self._judges = wiring.judges()
        self._workers = WorkerPool(wiring.workers, self._judges.get(None).warm)

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
        """True once constructed: the metrics are loaded and warm by then."""
        return True
