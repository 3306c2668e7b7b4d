"""Privacy validation and anonymizing on CPU replicas."""

from __future__ import annotations

import asyncio
from functools import partial

from deployments.spaces import PerSpace
from deployments.wiring import FileWiring
from deployments.workers import WorkerPool
from engines.datasets.copies import keep_copy
from engines.datasets.removal import delete_image
from engines.datasets.store import DatasetStore
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, build_privacy_validator
from engines.privacy.opening import Further, Opened, open_first, open_further
from engines.sandbox import Sandbox
from engines.types import PrivacyReport


class SandboxedOpener:
    """Opens files in worker processes that may be killed."""

    def __init__(self, sandbox: Sandbox, limits: ImageLimits, config: PrivacyConfig) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._config = config

    def first(self, content: bytes) -> Opened:
        return self._sandbox.run(open_first, content, self._limits, self._config)

    def further(self, content: bytes) -> Further:
        return self._sandbox.run(open_further, content, self._limits, self._config)


class PrivacyReplica:
    """Loads and warms the detectors at start; judges on one of a few worker threads."""

    def __init__(self, config: PrivacyConfig, files: FileWiring) -> None:
        self._stores = PerSpace(lambda space: DatasetStore(files.data.in_space(space).storage()))
        # References for the search after memorized images are the service's own, not a space's.
        references = self._stores.get(None).storage
        self._sandbox = files.sandbox(config.workers, open_first.__module__)
        opener = SandboxedOpener(self._sandbox, files.limits, config)
        self._validator = build_privacy_validator(config, files.limits, references, opener)
        self._workers = WorkerPool(config.workers, self._warm)

    def _warm(self) -> None:
        self._sandbox.warm()
        self._validator.warm()

    async def validate(
        self, key: str, check_faces: bool, check_text: bool, space: str | None = None
    ) -> PrivacyReport:
        store = await self._stores.of(space)
        content = await asyncio.to_thread(store.storage.read, key)
        judge = self._validator.validate
        report = await self._workers.run(judge, content, key, check_faces, check_text)
        await asyncio.to_thread(store.record_verdict, key, report)
        return report

    async def anonymize(
        self, key: str, method: str, output_key: str, space: str | None = None
    ) -> PrivacyReport:
        """Writes the copy, its lineage and its verdict, or nothing: also where the disk is full
        half-way, or the client leaves."""
        store = await self._stores.of(space)
        content = await asyncio.to_thread(store.storage.read, key)
        cover = self._validator.anonymize_with_lineage
        clean = await self._workers.run(cover, content, key, method)
        keep = partial(keep_copy, store.storage, output_key, clean.png, clean.lineage)
        writing = asyncio.ensure_future(asyncio.to_thread(keep))
        try:
            await asyncio.shield(writing)
            return await self.validate(output_key, check_faces=True, check_text=True, space=space)
        except BaseException:
            # What a thread has begun, it ends: only then it can be taken back.
            (failed,) = await asyncio.gather(writing, return_exceptions=True)
            if failed is None:
                await asyncio.to_thread(delete_image, store, output_key)
            raise

    async def ready(self) -> bool:
        return True
