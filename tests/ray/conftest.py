"""The production application on a real local Ray, started as users start it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from deployments.child_service import REPOSITORY, Service
from inferloop_synthdata import SyntheticImageClient

MODEL = "runwayml/stable-diffusion-v1-5"


def tiny_config(folder: Path) -> Path:
    """configs/local.yaml with random weights at a tiny size, and a short queue."""
    document = yaml.safe_load((REPOSITORY / "configs" / "local.yaml").read_text(encoding="utf-8"))
    document["applications"][0]["args"]["pools"][0]["engine"] = {
        "models": [
            {
                "id": "inferloop/tiny",
                "source": {"kind": "tiny"},
                "stand_in_for": [MODEL],
                "load_at_start": True,
            }
        ],
        "max_queued": 8,
        "torch_threads": 1,
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    generous = dict.fromkeys(
        ("INFERLOOP_RATE_LIMIT_GENERATE", "INFERLOOP_RATE_LIMIT_VALIDATE"), "10000/minute"
    )
    running = Service(folder / "data", tiny_config(folder), generous)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{service.url}/api/v1", headers={"X-API-Key": service.key}, timeout=120.0
    ) as client:
        yield client


@pytest.fixture
def sdk(service: Service) -> Iterator[SyntheticImageClient]:
    with SyntheticImageClient(api_key=service.key, base_url=service.url) as client:
        yield client
