"""One declaration, two ways: the service's application over its replicas' own classes, and a batch
job on a laptop. Both make the same dataset, image for image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from batch.declared.config import DeclaredConfig, load_declared_config
from batch.declared.here import make_here
from batch.declared.running import tell
from batch.declared.wiring import DeclaredWiring
from benchmarks.sweep.service import AdaptedDatasets
from deployments.config import PoolConfig
from deployments.replicas.diffusion import DiffusionReplica
from deployments.replicas.exporter import ExporterReplica
from deployments.replicas.quality import QualityReplica
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring
from deployments.wiring.files import FileWiring
from deployments.wiring.library import ExportWiring
from deployments.wiring.validators import QualityWiring
from engines.datasets.export_config import ExportConfig
from engines.datasets.recipes.recipe import Recipe
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.store.store import DatasetStore
from engines.images import ImageLimits
from inferloop_synthdata.marks.reading import read_mark
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig
from serve_app.services import Services
from tests.deployments.adapted import AdaptedGeneration
from tests.serve_app.api import HEADERS, KEY, Api
from tests.serve_app.fake_services import FakeServices

pytestmark = pytest.mark.slow

MODELS = Path(__file__).resolve().parents[2] / "models"
SPEC: dict[str, Any] = {
    "name": "places",
    "seed": 11,
    "quotas": {"place": {"lake": 3, "city": 2}},
    "attributes": {
        "place": ["lake", "city"],
        "time": ["day", "night"],
        "weather": {"values": ["sun", "rain"], "when": {"time": "day"}},
    },
    "prompt": "a {place} at {time}[, {weather}]",
    "generation": {
        "width": 64,
        "height": 64,
        "num_inference_steps": [2, 3],
        "guidance_scale": {"min": 1.0, "max": 3.0},
    },
    "require": {
        "quality": {"min_metrics": {"sharpness": 12.0}, "min_score": 0.0},
        "near_duplicates": {"min_distance": 20},
    },
    "max_tries": 3,
}


def served(root: Path, config: DeclaredConfig) -> Services:
    """The application's services over the replicas themselves, without Ray between them."""
    data = DataRoot(str(root), None)
    files = FileWiring(data, ImageLimits())
    pool = PoolConfig(name="default", engine=config.engine)
    from deployments.adapters.files import StoredFiles

    return replace(
        FakeServices().services(),
        generation=AdaptedGeneration(DiffusionReplica(DiffusionWiring(pool, data, str(MODELS)))),
        quality=QualityReplica(QualityWiring(config.quality, files)),
        datasets=AdaptedDatasets(ExporterReplica(ExportWiring(ExportConfig(), files))),
        files=StoredFiles(data.storage(), ImageLimits()),
    )


def by_the_service(root: Path, config: DeclaredConfig, *specs: dict[str, Any]) -> list[Any]:
    api = ApiConfig(rates=Api.GENEROUS)
    app = create_app(served(root, config), api, ApiKeys([KEY]), MemoryRateLimiter(api.rates))
    with TestClient(app, headers=HEADERS) as client:
        answers = [client.post("/api/v1/datasets", json=spec) for spec in specs]
    assert all(answer.status_code == 200 for answer in answers), [a.text for a in answers]
    return [answer.json() for answer in answers]


def by_a_job(root: Path, config: DeclaredConfig, spec: dict[str, Any]) -> str:
    wiring = DeclaredWiring(config, str(root), str(MODELS))
    plan, stream = DatasetPlan(DatasetSpec.model_validate(spec)), io.StringIO()
    tell(make_here(plan, wiring, stream), stream)
    return stream.getvalue()


def recipes(root: Path) -> dict[str, Recipe]:
    store = DatasetStore(DataRoot(str(root), None).storage())
    found: Sequence[Any] = list(store.iter_records("generated/places"))
    return {record.image_id: record.recipe for record in found}


@pytest.mark.timeout(600)
def test_the_service_and_a_job_make_the_same_dataset_image_for_image(tmp_path: Path) -> None:
    config = load_declared_config(None)
    small = {**SPEC, "quotas": {"place": {"lake": 1, "city": 1}}}
    _, told = by_the_service(tmp_path / "service", config, small, SPEC)
    said = by_a_job(tmp_path / "job", config, SPEC)
    service, job = recipes(tmp_path / "service"), recipes(tmp_path / "job")
    assert 2 <= len(service) == told["made"]
    assert {i: r.pixel_sha256 for i, r in service.items()} == {
        i: r.pixel_sha256 for i, r in job.items()
    }
    for image_id, recipe in service.items():
        other = job[image_id]
        assert (recipe.prompt, recipe.labels) == (other.prompt, other.labels)
        assert recipe.parameters.seed == other.parameters.seed
    for image in (tmp_path / "job/generated/places").glob("*.png"):
        found = read_mark(image.read_bytes())
        assert (found["mark"], found["changed"]) == ("present", False)
    for shortage in told["short"]:
        assert shortage["message"] in said
    assert f"{told['made']} of 5 images" in said
    assert "1/5 images (20.0 %)" in said
    assert ", 0 images made" not in said
    assert len({recipe.pixel_sha256 for recipe in service.values()}) == len(service)
