"""Datasets that are made at the same time, through the application, a replica and its engine: each
has images of the same names, and none gets in the way of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from deployments.config import PoolConfig
from deployments.replicas.diffusion import DiffusionReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring, Recorder
from engines.diffusion.config import EngineConfig
from engines.testing.diffusion import FAKE_MODELS, FakeEngine
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, DurableJobs
from tests.deployments.adapted import AdaptedGeneration
from tests.serve_app.api import HEADERS, KEY, Api
from tests.serve_app.durable.playing import ended, submitted
from tests.serve_app.fake_services import FakeServices

SMALL = {"width": 64, "height": 64, "num_inference_steps": 4}
COUNTED: dict[str, Any] = {
    "count": 3,
    "attributes": {"animal": ["fox", "cat"]},
    "prompt": "a {animal}",
    "generation": SMALL,
}
WITH_QUOTAS = {key: value for key, value in COUNTED.items() if key != "count"} | {
    "quotas": {"animal": 2}
}


@dataclass(frozen=True)
class SlowWiring:
    """A replica of production whose model draws gradients, in steps that last a while."""

    inner: DiffusionWiring
    pool_name: str = "default"

    def engine(self) -> FakeEngine:
        return FakeEngine(step_s=0.03)

    def recorder(self) -> Recorder:
        return self.inner.recorder()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    pool = PoolConfig(name="default", engine=EngineConfig(models=FAKE_MODELS))
    wiring = SlowWiring(DiffusionWiring(pool, DataRoot(str(tmp_path), None), "models"))
    services = replace(
        FakeServices().services(), generation=AdaptedGeneration(DiffusionReplica(wiring))
    )
    durable = DurableJobs(poll_s=0.02, report_every_s=0.01, max_running=4)
    config = ApiConfig(rates=Api.GENEROUS, durable=durable)
    app = create_app(services, config, ApiKeys([KEY]), MemoryRateLimiter(config.rates))
    with TestClient(app, headers=HEADERS) as client:
        yield client


@pytest.mark.parametrize("declaration", [COUNTED, WITH_QUOTAS])
def test_two_declared_datasets_can_be_made_at_once(
    client: TestClient, tmp_path: Path, declaration: dict[str, Any]
) -> None:
    names = ("alpha", "beta", "gamma")
    jobs = [submitted(client, "/datasets", {**declaration, "name": name}) for name in names]
    results = [ended(client, job) for job in jobs]
    assert [each["state"] for each in results] == ["succeeded"] * 3, results
    stored = [{each.name for each in (tmp_path / "generated" / n).glob("*.png")} for n in names]
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0]) == results[0]["result"]["made"]
    started, first_end = max(e["started_at"] for e in results), min(e["ended_at"] for e in results)
    assert started < first_end, "they were made one after the other"
