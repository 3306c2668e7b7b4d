"""Exports, datasets and profiles over their handles."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from deployments.adapters.calling import call, stream
from deployments.spaces import SpaceHandle
from engines.types import (
    Comparison,
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    Profile,
    ProfileRequest,
    ProfileSummary,
    S3ExportReport,
    S3ExportRequest,
)


class HandleExporter:
    def __init__(self, handle: SpaceHandle) -> None:
        self._handle = handle

    def export(self, request: ExportRequest) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        return stream(self._handle.options(stream=True).export.remote(request))

    def export_s3(
        self, request: S3ExportRequest
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        return stream(self._handle.options(stream=True).export_s3.remote(request))


class HandleDatasets:
    def __init__(self, handle: SpaceHandle) -> None:
        self._handle = handle

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[DatasetSummary]:
        asked = self._handle.list_datasets.remote(limit, after)
        summaries: Sequence[DatasetSummary] = await call(asked)
        return summaries

    async def get(self, name: str) -> DatasetSummary:
        summary: DatasetSummary = await call(self._handle.get_dataset.remote(name))
        return summary

    async def delete(self, name: str) -> None:
        await call(self._handle.delete_dataset.remote(name))


class HandleProfiles:
    def __init__(self, handle: SpaceHandle) -> None:
        self._handle = handle

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[ProfileSummary]:
        summaries: Sequence[ProfileSummary] = await call(self._handle.list.remote(limit, after))
        return summaries

    async def get(self, name: str) -> Profile:
        profile: Profile = await call(self._handle.get.remote(name))
        return profile

    async def create(self, request: ProfileRequest) -> Profile:
        profile: Profile = await call(self._handle.create.remote(request))
        return profile

    async def delete(self, name: str) -> None:
        await call(self._handle.delete.remote(name))

    async def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        found: Comparison = await call(self._handle.compare.remote(name, dataset_key, other))
        return found

    async def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        drawn: str = await call(self._handle.plot.remote(name, dataset_key, other))
        return drawn
