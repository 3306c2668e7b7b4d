"""The service in one process without Ray, for a browser: the real replica classes with a folder as
data root, and the fake engine of the product. `python -m tests.studio.application` serves it."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from batch.declared.config import load_declared_config
from benchmarks.sweep.service import AdaptedDatasets, AlwaysReady, OneOfEach
from deployments.adapters.files import FileThreads, StoredFiles
from deployments.adapters.provenance import StoredProvenance
from deployments.adapters.uploads import UploadChecker
from deployments.adapters.usage import LedgerUsage
from deployments.config import PoolConfig
from deployments.replicas.diffusion import DiffusionReplica
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.privacy import PrivacyReplica
from deployments.replicas.profiles import ProfilesReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring, EngineWiring, Recorder
from deployments.wiring.files import NO_EXPORTS, FileWiring
from deployments.wiring.library import ExportWiring, ProfilesWiring
from deployments.wiring.marks import MarksWiring
from deployments.wiring.validators import PrivacyWiring, QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.diffusion.config import EngineConfig
from engines.diffusion.engine import StepEngine
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig
from engines.profiles.config import ProfilesConfig
from engines.protocols import DiffusionEngine
from engines.quality import QualityConfig
from engines.storage.usage import UsageLedger
from engines.testing.diffusion import FAKE_MODELS, FakeRunner
from engines.types import AllowedBuckets
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, ModelDefaults
from serve_app.services import Services
from tests.deployments.adapted import AdaptedGeneration
from tests.serve_app.api import KEY, Api
from tests.studio.validators import QuickPrivacy, QuickQuality
from tests.waiting import PATIENCE_S, wait_for

READER = "reader-key-of-the-studio"
"""A key that may only read."""
HASTY = "hasty-key-of-the-studio"
"""A key that may make one image per hour."""
KEYS = f"""
keys:
  - {{name: reader, key: {READER}, scopes: [read]}}
  - {{name: hasty, key: {HASTY}, scopes: [generate, read], rates: {{generate: 1/hour}}}}
"""
MODELS = Path(__file__).resolve().parents[2] / "models"


@dataclass(frozen=True, slots=True)
class FakeWiring:
    """Implements `EngineWiring` with the fake engine and the real recorder."""

    wiring: DiffusionWiring
    step_s: float
    runner: type[FakeRunner] = FakeRunner

    @property
    def pool_name(self) -> str:
        return self.wiring.pool_name

    def engine(self) -> DiffusionEngine:
        engine = EngineConfig(models=FAKE_MODELS)
        return StepEngine(engine, time.monotonic, load=lambda entry: self.runner(self.step_s))

    def recorder(self) -> Recorder:
        return self.wiring.recorder()


def studio_services(
    root: Path,
    step_s: float = 0.0,
    real: bool = False,
    runner: type[FakeRunner] = FakeRunner,
    s3_endpoint_url: str | None = None,
    buckets: AllowedBuckets = NO_EXPORTS,
) -> Services:
    """All services with the data root `root`. `real`: the embedded model and the real validators,
    which load slowly, instead of fakes. S3 exports may use `buckets` of the server at
    `s3_endpoint_url`."""
    data = DataRoot(str(root), s3_endpoint_url)
    files = FileWiring(data, ImageLimits(), buckets)
    marks = MarksWiring(state_folder=str(root / ".state"))
    pool = PoolConfig(name="default", engine=load_declared_config(None).engine)
    wiring = DiffusionWiring(pool, data, str(MODELS), marks)
    engine: EngineWiring = wiring if real else FakeWiring(wiring, step_s, runner)
    diffusion = DiffusionReplica(engine)
    exporter = ExporterReplica(ExportWiring(ExportConfig(), files, marks))
    storage, threads = data.storage(), FileThreads()
    store = DatasetStore(storage)
    checker = UploadChecker(files.limits, files.sandbox_limits)
    return Services(
        generation=AdaptedGeneration(diffusion),
        quality=QualityReplica(QualityWiring(QualityConfig(), files))
        if real
        else QuickQuality(store),
        privacy=PrivacyReplica(PrivacyWiring(PrivacyConfig(), files))
        if real
        else QuickPrivacy(store),
        exporter=exporter,
        datasets=AdaptedDatasets(exporter),
        profiles=ProfilesReplica(ProfilesWiring(ProfilesConfig(), files)),
        files=StoredFiles(storage, files.limits, checker, threads),
        usage=LedgerUsage(UsageLedger(storage), threads.usage),
        provenance=StoredProvenance(storage, marks.anchors(storage), threads),
        readiness=AlwaysReady(),
        deployments=OneOfEach(diffusion.loaded_models),
    )


def studio_app(root: Path, behind: Services) -> FastAPI:
    """The production application with these services."""
    config = ApiConfig(
        rates=Api.GENEROUS,
        data_root=str(root),
        model_defaults={
            "inferloop/inferloop-mini": ModelDefaults(width=256, height=256, num_inference_steps=20)
        },
    )
    keys = root / "keys.yaml"
    keys.write_text(KEYS, encoding="utf-8")
    return create_app(behind, config, ApiKeys([KEY], keys), MemoryRateLimiter(config.rates))


@contextmanager
def listening(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Run the application on a port of this machine. Yields its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def main() -> None:
    """Serve until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--step-s", type=float, default=0.05)
    parser.add_argument("--real", action="store_true", help="make and judge real pictures")
    asked = parser.parse_args()
    asked.root.mkdir(parents=True, exist_ok=True)
    app = studio_app(asked.root, studio_services(asked.root, asked.step_s, asked.real))
    with listening(app, asked.port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
