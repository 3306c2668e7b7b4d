"""Replicas behind the services' Protocols, called as they are: what Serve's handles do, without."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from deployments.replicas.diffusion import DiffusionReplica
from deployments.replicas.exporter import ExporterReplica
from engines.datasets.spec.result import Taken
from engines.types import (
    DatasetSummary,
    ExportProgress,
    GenerationEvent,
    GenerationRequest,
    SignedSheet,
)
from engines.types.reports import DatasetReport, ReportPage, ReportRequest


@dataclass(frozen=True, slots=True)
class AdaptedGeneration:
    """`Generation` over one replica that serves every model."""

    replica: DiffusionReplica

    def check(self, request: GenerationRequest) -> None:
        """Everything is taken."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        return self.replica.generate(request)


@dataclass(frozen=True, slots=True)
class AdaptedDatasets:
    """`Datasets` over the exporter's replica."""

    replica: ExporterReplica

    async def list(
        self, limit: int | None = None, after: str | None = None
    ) -> Sequence[DatasetSummary]:
        return await self.replica.list_datasets(limit, after)

    async def get(self, name: str) -> DatasetSummary:
        return await self.replica.get_dataset(name)

    async def delete(self, name: str) -> None:
        await self.replica.delete_dataset(name)

    async def sign(self, name: str) -> SignedSheet:
        return await self.replica.sign_dataset(name)

    def report(
        self, request: ReportRequest
    ) -> AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]:
        """As the replica's."""
        return self.replica.report(request)

    async def open_declared(
        self, name: str, identity: str, declaration: bytes
    ) -> Mapping[str, Taken]:
        return await self.replica.open_declared(name, identity, declaration)

    async def close_declared(self, name: str, taken: Sequence[Taken]) -> None:
        await self.replica.close_declared(name, taken)
