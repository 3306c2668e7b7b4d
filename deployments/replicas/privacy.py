"""Privacy validation and anonymising on CPU replicas."""

from __future__ import annotations

import asyncio
import json

from deployments.wiring import FileWiring
from deployments.workers import WorkerPool
from engines.datasets.store import DatasetStore
from engines.privacy import PrivacyConfig, build_privacy_validator
from engines.types import PrivacyReport


class PrivacyReplica:
    """Loads and warms the detectors at start; judges on one of a few worker threads."""

    def __init__(self, config: PrivacyConfig, files: FileWiring) -> None:
        self._storage = files.data.storage()
        self._store = DatasetStore(self._storage)
        self._validator = build_privacy_validator(config, files.limits, self._storage)
        self._workers = WorkerPool(config.workers, self._validator.warm)

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        content = await asyncio.to_thread(self._storage.read, key)
        judge = self._validator.validate
        report = await self._workers.run(judge, content, key, check_faces, check_text)
        await asyncio.to_thread(self._store.record_verdict, key, report)
        return report

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        content = await asyncio.to_thread(self._storage.read, key)
        cover = self._validator.anonymize_with_lineage
        clean = await self._workers.run(cover, content, key, method)
        await asyncio.to_thread(self._storage.put_new, output_key, clean.png)
        sidecar = output_key.rpartition(".")[0] + ".json"
        lineage = json.dumps(clean.lineage, indent=2).encode()
        await asyncio.to_thread(self._storage.put_new, sidecar, lineage)
        return await self.validate(output_key, check_faces=True, check_text=True)

    async def ready(self) -> bool:
        return True
