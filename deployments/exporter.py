"""Exports and dataset listings on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deployments.wiring import FileWiring
from engines.export import DatasetExporter, ExportConfig, S3Exporter, s3_client_factory
from engines.storage.datasets import DatasetStore
from engines.types import (
    DatasetSummary,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
)


class ExporterReplica:
    """Forwards to the exporters on worker threads, so that health checks answer meanwhile."""

    def __init__(self, config: ExportConfig, files: FileWiring) -> None:
        storage = files.data.storage()
        self._store = DatasetStore(storage)
        self._files = DatasetExporter(storage, self._store, config, files.data.wire_path)
        self._s3 = S3Exporter(
            s3_client_factory(files.data.s3_endpoint_url, config), storage, self._store, config
        )

    async def export(self, request: ExportRequest) -> ExportReport:
        return await asyncio.to_thread(self._files.export, request)

    async def export_s3(self, request: S3ExportRequest) -> S3ExportReport:
        return await asyncio.to_thread(self._s3.export, request)

    async def list_datasets(self) -> Sequence[DatasetSummary]:
        return await asyncio.to_thread(self._store.list)

    async def get_dataset(self, name: str) -> DatasetSummary:
        return await asyncio.to_thread(self._store.summary, name)

    async def delete_dataset(self, name: str) -> None:
        await asyncio.to_thread(self._store.delete, name)

    async def ready(self) -> bool:
        return True
