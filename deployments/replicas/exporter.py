"""Exports and dataset listings on CPU replicas."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from deployments.background import Threads, reports_of
from deployments.spaces import PerSpace
from deployments.wiring import FileWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.records.loading import Verify
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.fast_lane import FastLane, obstore_lane
from engines.datasets.store import DatasetStore
from engines.datasets.upkeep import upkeep
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.s3.client import S3ClientConfig
from engines.types import (
    SPACES_FOLDER,
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
)

EXPORT_THREADS = 16
LOOKUP_THREADS = 4


@dataclass(frozen=True, slots=True)
class Library:
    """The datasets of one space, and what exports them."""

    store: DatasetStore
    files: DatasetExporter
    s3: S3Exporter

    @classmethod
    def of(
        cls, config: ExportConfig, files: FileWiring, verify: Verify, space: str | None
    ) -> Library:
        """Built over the space's part of the data root."""
        storage = files.data.in_space(space).storage()
        store = DatasetStore(storage)
        endpoint_url = files.data.s3_endpoint_url

        def lane_of(bucket: str) -> FastLane | None:
            return obstore_lane(S3ClientConfig(endpoint_url=endpoint_url), bucket)

        s3 = S3Exporter(
            files.data.s3_client,
            storage,
            store,
            config,
            buckets=files.export_buckets,
            fast_lane=lane_of if config.s3.fast_uploads else None,
            verify=verify,
        )
        return cls(store, DatasetExporter(storage, store, config, verify), s3)


class ExporterReplica:
    """Forwards to the exporters of a space on worker threads, so that health checks answer
    meanwhile. Tidies the data root once, beside its work."""

    def __init__(self, config: ExportConfig, files: FileWiring) -> None:
        self._exports = Threads("export", EXPORT_THREADS)
        self._lookups = Threads("lookup", LOOKUP_THREADS)
        self._deletions = Threads("deletion", LOOKUP_THREADS)
        config = config.model_copy(update={"images": files.limits})
        verify = files.verifier(files.sandbox_limits.workers)
        self._spaces = PerSpace(partial(Library.of, config, files, verify))
        self._storage = files.data.storage()
        self._spaces.get(None)
        threading.Thread(target=self._tidy, name="upkeep", daemon=True).start()

    def _tidy(self) -> None:
        for space in (None, *self._storage.list_folders(SPACES_FOLDER)):
            upkeep(self._spaces.get(space).store)

    async def export(
        self, request: ExportRequest, space: str | None = None
    ) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        """Progress, then the report. Closing the stream stops the work."""
        library = await self._spaces.of(space)
        work = partial(library.files.export, request)
        async with aclosing(reports_of(work, self._exports)) as events:
            async for event in events:
                yield event

    async def export_s3(
        self, request: S3ExportRequest, space: str | None = None
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        """As `export`."""
        library = await self._spaces.of(space)
        work = partial(library.s3.export, request)
        async with aclosing(reports_of(work, self._exports)) as events:
            async for event in events:
                yield event

    async def list_datasets(
        self, limit: int | None = None, after: str | None = None, space: str | None = None
    ) -> Sequence[DatasetSummary]:
        """The first `limit` after the name `after`. Cancelling stops the work between images."""
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.store.list, limit, after))

    async def get_dataset(self, name: str, space: str | None = None) -> DatasetSummary:
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.store.summary, name))

    async def delete_dataset(self, name: str, space: str | None = None) -> None:
        library = await self._spaces.of(space)
        await self._deletions.run(library.store.delete, name)

    async def ready(self) -> bool:
        return True
