"""The production application on a real local Ray, started as users start it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deployments.config_files import with_parts_apart
from deployments.local.child_service import REPOSITORY, Service
from inferloop_synthdata import SyntheticImageClient
from tests.ray.collector import Collector
from tests.waiting import SERVICE_PATIENCE_S

SECOND_KEY = "second-key-of-the-tests"
SMALL: dict[str, Any] = {
    "prompt": "a red apple",
    "width": 64,
    "height": 64,
    "num_inference_steps": 4,
    "seed": 7,
}
MODEL = "runwayml/stable-diffusion-v1-5"


def tiny_config(folder: Path, apart: bool = True) -> Path:
    """configs/local.yaml with tiny models with random weights, a short queue, and two ingress
    replicas that share one rate limiter. `apart`: whether the other parts are separate deployments,
    as on a cluster, or run in one process."""
    text = (REPOSITORY / "configs" / "local.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    if apart:
        document = with_parts_apart(document)
    # Only requests whose `traceparent` asks for it are recorded.
    document["tracing_config"] = {
        "enabled": True,
        "exporter_import_path": "deployments.observing.tracing:otlp",
        "sampling_ratio": 0.0,
    }
    (application,) = document["applications"]
    application["args"]["api"] = {"ingress_replicas": 2, "rate_limiter": "actor"}
    for deployment in application["deployments"]:
        if deployment["name"] == "ingress":
            deployment["num_replicas"] = 2
        if deployment["name"] == "diffusion-default":
            deployment["max_queued_requests"] = 8
    application["deployments"].append(
        {"name": "rate-limiter", "num_replicas": 1, "ray_actor_options": {"num_cpus": 0.1}}
    )
    application["args"]["pools"][0]["engine"] = {
        "models": [
            {
                "id": "inferloop/tiny",
                "source": {"kind": "tiny"},
                "stand_in_for": [MODEL],
                "load_at_start": True,
            }
        ],
        "max_queued": 2,
        "torch_threads": 1,
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the service's access log and audit log."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """The collector to which the service sends its spans."""
    with Collector() as listening:
        yield listening


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, log_folder: Path, collector: Collector
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    generous = dict.fromkeys(
        ("INFERLOOP_RATE_LIMIT_GENERATE", "INFERLOOP_RATE_LIMIT_VALIDATE"), "10000/minute"
    )
    keys = folder / "keys"
    keys.write_text(f"{SECOND_KEY}\n", encoding="utf-8")
    environment = {
        **generous,
        "INFERLOOP_API_KEYS_FILE": str(keys),
        "INFERLOOP_LOG_DIR": str(log_folder),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    running = Service(folder / "data", tiny_config(folder), environment)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture
def second_key() -> str:
    """A key whose rate limits no other test uses up."""
    return SECOND_KEY


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{service.url}/api/v1",
        headers={"X-API-Key": service.key},
        timeout=SERVICE_PATIENCE_S,
    ) as client:
        yield client


@pytest.fixture
def sdk(service: Service) -> Iterator[SyntheticImageClient]:
    with SyntheticImageClient(api_key=service.key, base_url=service.url) as client:
        yield client
