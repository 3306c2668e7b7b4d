"""Exports and dataset listings on CPU replicas."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

from deployments.background import reports_of
from deployments.wiring import FileWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.fast_lane import FastLane, obstore_lane
from engines.datasets.store import DatasetStore
from engines.datasets.upkeep import upkeep
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.s3.client import S3ClientConfig
from engines.types import (
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
)


class ExporterReplica:
    """Forwards to the exporters on worker threads, so that health checks answer meanwhile. Tidies
    the data root once, beside its work."""

    def __init__(self, config: ExportConfig, files: FileWiring) -> None:
        storage = files.data.storage()
        self._store = DatasetStore(storage)
        config = config.model_copy(update={"images": files.limits})
        self._files = DatasetExporter(storage, self._store, config, files.data.wire_path)
        endpoint_url = files.data.s3_endpoint_url

        def lane_of(bucket: str) -> FastLane | None:
            return obstore_lane(S3ClientConfig(endpoint_url=endpoint_url), bucket)

        self._s3 = S3Exporter(
            files.data.s3_client,
            storage,
            self._store,
            config,
            files.data.wire_path,
            buckets=files.export_buckets,
            fast_lane=lane_of if config.s3.fast_uploads else None,
        )
        threading.Thread(target=upkeep, args=(self._store,), name="upkeep", daemon=True).start()

    async def export(
        self, request: ExportRequest
    ) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        """Progress, then the report. Closing the stream stops the work."""
        async with aclosing(reports_of(partial(self._files.export, request))) as events:
            async for event in events:
                yield event

    async def export_s3(
        self, request: S3ExportRequest
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        """As `export`."""
        async with aclosing(reports_of(partial(self._s3.export, request))) as events:
            async for event in events:
                yield event

    async def list_datasets(self) -> Sequence[DatasetSummary]:
        return await asyncio.to_thread(self._store.list)

    async def get_dataset(self, name: str) -> DatasetSummary:
        return await asyncio.to_thread(self._store.summary, name)

    async def delete_dataset(self, name: str) -> None:
        await asyncio.to_thread(self._store.delete, name)

    async def ready(self) -> bool:
        return True
