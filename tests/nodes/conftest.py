"""configs/production.yaml on five Ray nodes of this machine."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ray.dashboard.modules.serve.sdk import ServeSubmissionClient

from deployments import config_files
from deployments.edge import hook
from deployments.local.child_service import REPOSITORY
from deployments.local.cluster import deploy, wait_until_running
from local_ray.environment import closed_ray
from local_ray.running import free_port
from tests.nodes.fleet import Fleet
from tests.valkey import valkey_server

KEY = "a-key-of-these-tests"
MODELS: dict[str, dict[str, Any]] = {
    "sd15": {
        "id": "inferloop/inferloop-mini",
        "source": {"kind": "folder", "path": "inferloop-mini"},
        "dtype": "float32",
        "load_at_start": True,
    },
    "sdxl": {
        "id": "inferloop/tiny-xl",
        "source": {"kind": "tiny", "family": "sdxl"},
        "dtype": "float32",
        "load_at_start": True,
    },
}
"""Small models in place of those of production, which would have to be downloaded."""


@dataclass(frozen=True)
class Production:
    """The running service."""

    fleet: Fleet
    url: str
    least: dict[str, int]
    """Deployment to its minimum number of replicas in the config."""


def production_config(port: int) -> dict[str, Any]:
    """The file with these changes: other models, one thread for each model, another address, and
    pools that keep their minimum number of replicas."""
    document = config_files.load(REPOSITORY / "configs" / "production.yaml")
    (application,) = document["applications"]
    for pool in application["args"]["pools"]:
        pool["engine"] |= {"models": [MODELS[pool["name"]]], "torch_threads": 1}
    for deployment in application["deployments"]:
        if deployment["name"].startswith(
            "diffusion-"
        ):  # another one would use the other pool's GPU
            scaling = deployment["autoscaling_config"]
            scaling["max_replicas"] = scaling["min_replicas"]
    return config_files.on_port(document, "127.0.0.1", port)


def least_replicas(document: dict[str, Any]) -> dict[str, int]:
    deployments = document["applications"][0]["deployments"]
    return {
        told["name"]: told.get("autoscaling_config", {}).get("min_replicas") or told["num_replicas"]
        for told in deployments
    }


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a new Redis or Valkey server, as in production, for jobs, budgets and tickets."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="module")
def ray_folder() -> Iterator[str]:
    """A folder with a short path: the paths of Ray's sockets in it must have at most 107
    characters."""
    with tempfile.TemporaryDirectory(prefix="rn", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.fixture(scope="module")
def production(
    redis_url: str, ray_folder: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("nodes")
    environment = {
        "INFERLOOP_API_KEYS": KEY,
        "INFERLOOP_DATA_ROOT": str(folder / "data"),
        "INFERLOOP_MODELS_ROOT": str(REPOSITORY / "models"),
        "INFERLOOP_RATE_LIMIT_GENERATE": "100000/minute",
        "INFERLOOP_RATE_LIMIT_VALIDATE": "100000/minute",
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
        **closed_ray(os.environ),
        "RAY_prestart_worker_first_driver": "0",  # no idle worker for each of 28 logical CPUs
        "RAY_health_check_period_ms": "1000",  # in place of 3000; a node is lost after 5 of them
        "RAY_SERVE_PROXY_MIN_DRAINING_PERIOD_S": "3",  # in place of 30: no load balancer
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_TMPDIR": ray_folder,
        hook.VARIABLE: hook.IMPORT_PATH,  # as the manifests set it
    }
    environment["INFERLOOP_REDIS_URL"] = redis_url
    port = free_port()
    document = production_config(port)
    fleet = Fleet(environment, folder / "nodes.log")
    try:
        for name in ("cpu-1", "cpu-2", "gpu-1", "gpu-2"):
            fleet.add(name, name[:3])
        access = ServeSubmissionClient(fleet.dashboard)
        deploy(access, document)
        wait_until_running(access, threading.Event())
        yield Production(fleet, f"http://127.0.0.1:{port}", least_replicas(document))
    finally:
        fleet.stop()
