"""Privacy validation and anonymizing on CPU replicas."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from deployments.observing.refusals import leave_out_refusals
from deployments.wiring.validators import Judge, JudgeWiring
from deployments.wiring.workers import WorkerPool
from engines.datasets.store.copies import SOURCE_IS_SYNTHETIC, edit_of, keep_copy
from engines.datasets.upkeep.removal import delete_image
from engines.types import PrivacyReport

if TYPE_CHECKING:
    from engines.privacy import Anonymized, PrivacyValidator


class PrivacyReplica:
    """Loads the detectors at the start and runs each once, then judges images on a few worker
    threads."""

    def __init__(self, wiring: JudgeWiring[PrivacyValidator]) -> None:
        leave_out_refusals()
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
        """Write the anonymized copy, its lineage and its verdict. Writes nothing at all if the
        disk is full or the client leaves."""
        judge = await self._judges.of(space)
        content = await asyncio.to_thread(judge.store.storage.read, key)
        cover = judge.validator.anonymize_with_lineage
        clean = await self._workers.run(cover, content, key, method)
        writing = asyncio.ensure_future(
            asyncio.to_thread(_keep, judge, key, content, clean, output_key)
        )
        try:
            await asyncio.shield(writing)
            return await self.validate(output_key, check_faces=True, check_text=True, space=space)
        except BaseException:
            # A thread cannot be interrupted, so the copy is removed after the thread has ended.
            (failed,) = await asyncio.gather(writing, return_exceptions=True)
            if failed is None:
                await asyncio.to_thread(delete_image, judge.store, output_key)
            raise

    async def ready(self) -> bool:
        """True once constructed: the detectors are loaded and warm by then."""
        return True


def _keep(
    judge: Judge[PrivacyValidator], key: str, content: bytes, clean: Anonymized, output_key: str
) -> None:
    """Mark the copy and store it with its lineage. Blocks."""
    storage = judge.store.storage
    edit = edit_of(storage, key, content, "anonymize")
    marked = judge.marks.edited(output_key, clean.png, edit)
    lineage = {**clean.lineage, SOURCE_IS_SYNTHETIC: edit.parent_is_synthetic}
    keep_copy(storage, output_key, marked, lineage)
