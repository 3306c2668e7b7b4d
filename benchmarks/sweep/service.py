"""The application with the classes of all replicas in one process, behind a real HTTP server. It is
the whole service without Ray and the diffusion model."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from deployments.adapters.files import FileThreads, StoredFiles
from deployments.adapters.provenance import StoredProvenance
from deployments.adapters.uploads import UploadChecker
from deployments.adapters.usage import LedgerUsage
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.validators import PrivacyWiring, QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.spec.result import Shortage, Taken
from engines.errors import NotFound
from engines.privacy import PrivacyConfig
from engines.profiles.config import ProfilesConfig
from engines.quality import QualityConfig
from engines.storage.usage import UsageLedger
from engines.types import (
    DatasetSummary,
    ExportProgress,
    GenerationEvent,
    GenerationRequest,
    SignedSheet,
)
from engines.types.datasets.looking import (
    ImageFilter,
    ImagePage,
    ImageQuery,
    ImagesSummary,
    Review,
    ReviewChange,
)
from engines.types.datasets.reports import DatasetReport, ReportPage, ReportRequest
from engines.types.deployments import DeploymentStanding, LoadedModel
from inferloop_synthdata.marks.reading import Anchors
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from serve_app.services import Services

KEY = "key-of-the-sweep-alone"
_RATES = dict.fromkeys(("generate", "validate_", "export", "upload", "read"), "1000000/minute")
_START_S = 60


class NothingGenerates:
    """Implements `Generation` without a model."""

    def check(self, request: GenerationRequest) -> None:
        raise NotFound("model", request.model_id)

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        raise NotFound("model", request.model_id)


class AlwaysReady:
    """Implements `Readiness`: everything is ready."""

    async def not_ready(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True, slots=True)
class OneOfEach:
    """Implements `Deployments` of one process: each deployment has one running replica."""

    loaded_models: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    """Returns model id to its bytes. None: no model is loaded."""
    others: tuple[str, ...] = ("exporter", "ingress", "privacy", "profiles", "quality")

    async def standing(self) -> Sequence[DeploymentStanding]:
        loaded = await self.loaded_models() if self.loaded_models else {}
        models = {name: LoadedModel(1, size) for name, size in loaded.items()}
        pool = DeploymentStanding("diffusion-default", "HEALTHY", "", 1, 1, 0, 0, models)
        return [
            pool,
            *(DeploymentStanding(each, "HEALTHY", "", 1, 1, 0, 0) for each in self.others),
        ]


@dataclass(frozen=True, slots=True)
class AdaptedDatasets:
    """Implements `Datasets` with the exporter's replica."""

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
        return self.replica.report(request)

    async def images(self, query: ImageQuery) -> ImagePage:
        return await self.replica.list_images(query)

    async def images_summary(self, name: str, wanted: ImageFilter) -> ImagesSummary:
        return await self.replica.summarize_images(name, wanted)

    async def review(
        self, keys: Sequence[str], change: ReviewChange, reviewer: str
    ) -> Sequence[tuple[str, Review]]:
        return await self.replica.review_images(keys, change, reviewer)

    async def open_declared(
        self, name: str, identity: str, declaration: bytes
    ) -> Mapping[str, Taken]:
        return await self.replica.open_declared(name, identity, declaration)

    async def close_declared(
        self, name: str, taken: Sequence[Taken], short: Sequence[Shortage]
    ) -> None:
        await self.replica.close_declared(name, taken, short)


def services(files: FileWiring) -> Services:
    """All services with one data root."""
    storage, threads = files.data.storage(), FileThreads()
    exporter = ExporterReplica(ExportWiring(ExportConfig(), files))
    checker = UploadChecker(files.limits, files.sandbox_limits)
    return Services(
        generation=NothingGenerates(),
        quality=QualityReplica(QualityWiring(QualityConfig(), files)),
        privacy=PrivacyReplica(PrivacyWiring(PrivacyConfig(), files)),
        exporter=exporter,
        datasets=AdaptedDatasets(exporter),
        profiles=ProfilesReplica(ProfilesWiring(ProfilesConfig(), files)),
        files=StoredFiles(storage, files.limits, checker, threads),
        usage=LedgerUsage(UsageLedger(storage), threads.usage),
        provenance=StoredProvenance(storage, lambda _storage: Anchors(), threads),
        readiness=AlwaysReady(),
        deployments=OneOfEach(),
    )


@contextmanager
def served(files: FileWiring) -> Iterator[httpx.Client]:
    """Run the application on a free port of this machine. Yields a client with an API key."""
    config = ApiConfig(rates=RateLimits.model_validate(_RATES), data_root=files.data.root)
    app = create_app(services(files), config, ApiKeys([KEY]), MemoryRateLimiter(config.rates))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{_port(server)}"
        with httpx.Client(base_url=url, headers={"X-API-Key": KEY}, timeout=600) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(_START_S)


def _port(server: uvicorn.Server) -> int:
    deadline = time.monotonic() + _START_S
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
