"""The production application with real replicas, and a tenant in each of two spaces."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from deployments.adapters.services import Backends
from deployments.background import Threads
from deployments.config import PoolConfig
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.marks import MarksWiring
from deployments.wiring.validators import QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.images import ImageLimits
from engines.profiles.config import ProfilesConfig
from engines.provenance.config import MarksConfig
from engines.quality import QualityConfig
from engines.storage.free_space import StorageLimits
from engines.types import (
    GeneratedImage,
    GenerationEvent,
    GenerationRequest,
    PrivacyReport,
    StepProgress,
)
from serve_app.access.api_keys import ApiKeys
from serve_app.access.hashing import key_hash
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig
from tests.serve_app.api import Api
from tests.serve_app.fake_library import FakeDeployments, FakeReadiness

POOL = {
    "name": "tiny",
    "engine": {"models": [{"id": "m", "source": {"kind": "tiny"}}], "torch_threads": 1},
}


class LocalStream:
    """A streaming `DeploymentResponse` without Ray."""

    def __init__(self, events: AsyncGenerator[Any, None]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncGenerator[Any, None]:
        return self._events

    def cancel(self) -> None:
        self._closing = asyncio.ensure_future(self._events.aclose())


class LocalMethod:
    """`handle.method` without Ray: calls the replica's own method."""

    def __init__(self, method: Callable[..., Any], streaming: bool) -> None:
        self._method = method
        self._streaming = streaming

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._method(*args, **kwargs)
        return LocalStream(answer) if self._streaming else asyncio.ensure_future(answer)


class LocalHandle:
    """`DeploymentHandle` without Ray: one replica, in the test's process."""

    def __init__(self, replica: Any, streaming: bool = False) -> None:
        self._replica = replica
        self._streaming = streaming

    def options(self, stream: bool) -> LocalHandle:
        return LocalHandle(self._replica, stream)

    def __getattr__(self, method: str) -> LocalMethod:
        return LocalMethod(getattr(self._replica, method), self._streaming)


class LightPrivacy:
    """Reads and writes the same files as the privacy replica, but loads no detector and finds
    nothing."""

    def __init__(self, data: DataRoot) -> None:
        self._data = data

    async def validate(
        self, key: str, check_faces: bool, check_text: bool, space: str | None = None
    ) -> PrivacyReport:
        store = DatasetStore(self._data.in_space(space).storage())
        store.storage.read(key)
        report = PrivacyReport(key, 100, 0, False, False, (), True, "privacy/test")
        store.record_verdict(key, report)
        return report

    async def anonymize(
        self, key: str, method: str, output_key: str, space: str | None = None
    ) -> PrivacyReport:
        storage = self._data.in_space(space).storage()
        storage.put_new(output_key, storage.read(key))
        return await self.validate(output_key, True, True, space)


class Pool:
    """Stores images of noise in the same way as a diffusion replica."""

    def __init__(self, data: DataRoot) -> None:
        wiring = DiffusionWiring(PoolConfig.model_validate(POOL), data, "/models")
        self._recorder = wiring.recorder()

    def check(self, request: GenerationRequest) -> None:
        """Accepts every request."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        if request.progress:
            for step in range(request.num_inference_steps):
                yield StepProgress(step + 1, request.num_inference_steps)
        noise = np.random.default_rng(request.seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
        image = GeneratedImage(noise, "m", "r", "DDIMScheduler", {})
        yield self._recorder.record(request, image)


def entry(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "key_sha256": key_hash(key_of(name)), "scopes": "all", **fields}


def key_of(name: str) -> str:
    return f"{name}-key-0123456789"


def picture(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


class SharedService:
    """The service with a keys file. `client(name)` uses the key of that name."""

    def __init__(
        self,
        root: Path,
        *entries: dict[str, Any],
        min_free_bytes: int = 0,
        data: DataRoot | None = None,
        **config: Any,
    ) -> None:
        self.root = root / "data"
        self.keys_file = root / "keys.yaml"
        self.write_keys(*entries)
        limits = StorageLimits(min_free_bytes=min_free_bytes)
        data = data or DataRoot(str(self.root), limits=limits)
        files = FileWiring(data, ImageLimits())
        marks = MarksWiring(MarksConfig(), str(root / "state"))
        self._exporter = ExporterReplica(ExportWiring(ExportConfig(), files, marks))
        self._profiles = ProfilesReplica(ProfilesWiring(ProfilesConfig(), files))
        backends = Backends(
            generation=Pool(data),
            readiness=FakeReadiness(),
            deployments=FakeDeployments(),
            validators={
                "quality": LocalHandle(QualityReplica(QualityWiring(QualityConfig(), files))),
                "privacy": LocalHandle(LightPrivacy(data)),
            },
            library={
                "exporter": LocalHandle(self._exporter),
                "profiles": LocalHandle(self._profiles),
            },
            storage_of=lambda space: data.in_space(space).storage(),
            images=ImageLimits(),
        )
        self.clock = 0.0
        api = ApiConfig(data_root=str(self.root), **{"rates": Api.GENEROUS, **config})
        self.app = create_app(
            backends.services(),
            api,
            ApiKeys(file=self.keys_file, clock=lambda: self.clock),
            MemoryRateLimiter(api.rates),
        )

    def write_keys(self, *entries: dict[str, Any]) -> None:
        self.keys_file.write_text(json.dumps({"keys": list(entries)}))

    def settle(self) -> None:
        """Stop the threads of exporter and profiles, and wait until they have ended. Afterwards,
        both cannot be used."""
        for replica in (self._exporter, self._profiles):
            for threads in vars(replica).values():
                if isinstance(threads, Threads):
                    threads.pool.shutdown()

    def client(self, name: str, space: str | None = None) -> TestClient:
        headers = {"X-API-Key": key_of(name)} | ({} if space is None else {"X-Space": space})
        return TestClient(self.app, headers=headers)
