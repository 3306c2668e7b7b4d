"""Privacy validation and anonymizing on CPU replicas."""

from __future__ import annotations

import asyncio
from functools import partial

from deployments.wiring.validators import JudgeWiring
from deployments.workers import WorkerPool
from engines.datasets.copies import keep_copy
from engines.datasets.removal import delete_image
from engines.privacy import PrivacyValidator
from engines.types import PrivacyReport


class PrivacyReplica:
    """Loads and warms the detectors at start; judges on one of a few worker threads."""

    def __init__(self, wiring: JudgeWiring[PrivacyValidator]) -> None:
        self._judges = wiring.judges()
        self._workers = WorkerPool(wiring.workers, self._judges.get(None).warm)

    async def validate(
        self, key: str, check_faces: bool, check_text: bool, space: str | None = None
    ) -> PrivacyReport:
        judge = await self._judges.of(space)
        content = await asyncio.to_thread(judge.store.storage.read, key)
        report = await self._workers.run(
            judge.validator.validate, content, key, check_faces, check_text
        )
        await asyncio.to_thread(judge.store.record_verdict, key, report)
        return report

    async def anonymize(
        self, key: str, method: str, output_key: str, space: str | None = None
    ) -> PrivacyReport:
        """Writes the copy, its lineage and its verdict, or nothing: also where the disk is full
        half-way, or the client leaves."""
        judge = await self._judges.of(space)
        content = await asyncio.to_thread(judge.store.storage.read, key)
        cover = judge.validator.anonymize_with_lineage
        clean = await self._workers.run(cover, content, key, method)
        keep = partial(keep_copy, judge.store.storage, output_key, clean.png, clean.lineage)
        writing = asyncio.ensure_future(asyncio.to_thread(keep))
        try:
            await asyncio.shield(writing)
            return await self.validate(output_key, check_faces=True, check_text=True, space=space)
        except BaseException:
            # What a thread has begun, it ends: only then it can be taken back.
            (failed,) = await asyncio.gather(writing, return_exceptions=True)
            if failed is None:
                await asyncio.to_thread(delete_image, judge.store, output_key)
            raise

    async def ready(self) -> bool:
        return True
