"""The application of the cpu-dev overlay, deployed with `serve deploy` on a real local Ray."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from local_ray.child import ChildRay
from local_ray.running import free_port
from tests.k8s.manifests import Render, the_service
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def test_the_application_of_the_manifest_comes_up(
    render: Render, root: Path, tmp_path: Path
) -> None:
    config = yaml.safe_load(the_service(render, "cpu-dev")["spec"]["serveConfigV2"])
    # All that differs from the manifest: a free port, and loopback only.
    port = config["http_options"]["port"] = free_port()
    config["http_options"]["host"] = "127.0.0.1"
    (tmp_path / "serve.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    environment = {
        "INFERLOOP_API_KEYS": "a-key-of-this-test",
        "INFERLOOP_DATA_ROOT": str(tmp_path / "data"),
        "INFERLOOP_MODELS_ROOT": str(root / "models"),
        "OMP_NUM_THREADS": "1",
    }
    with ChildRay(environment=environment) as cluster:
        serve = Path(sys.executable).with_name("serve")
        command = [str(serve), "deploy", "-a", cluster.address, str(tmp_path / "serve.yaml")]
        done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        wait_for(lambda: ready(f"http://127.0.0.1:{port}/readyz"), SERVICE_PATIENCE_S)


def ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=SERVICE_PATIENCE_S).status_code == httpx.codes.OK
    except httpx.TransportError:  # the port is not open yet
        return False
