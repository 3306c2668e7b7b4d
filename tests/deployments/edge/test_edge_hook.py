"""The hook that Ray Serve calls: found by its path, and in force in the process of the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from deployments.edge import hook
from deployments.local.child_service import REPOSITORY

AS_SERVE_DOES = """
import json, sys
import ray.serve
from ray.serve._private.http_util import configure_http_middlewares
from ray.serve.config import HTTPOptions
import uvicorn
options = configure_http_middlewares(HTTPOptions())
config = uvicorn.Config("x:y", lifespan="off")
config.load_app = lambda: None
config.load()
print(json.dumps({
    "middlewares": [each.cls.__name__ for each in options.middlewares],
    "limit": options.middlewares[0].kwargs["settings"].max_connections,
    "protocol": config.http_protocol_class.__name__,
    "sockets": config.ws_protocol_class.__name__,
    "torch": "torch" in sys.modules,
}))
"""


@pytest.mark.slow
def test_serve_finds_the_hook_and_uvicorn_the_protocols() -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        hook.VARIABLE: hook.IMPORT_PATH,
        "INFERLOOP_EDGE_MAX_CONNECTIONS": "77",
    }
    done = subprocess.run(
        [sys.executable, "-c", AS_SERVE_DOES],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "middlewares": ["EdgeMiddleware"],
        "limit": 77,
        "protocol": "GuardedProtocol",
        "sockets": "GuardedWebSocket",
        "torch": False,
    }


def test_the_manifests_name_the_hook() -> None:
    text = (REPOSITORY / "k8s" / "base" / "env.properties").read_text(encoding="utf-8")
    assert f"{hook.VARIABLE}={hook.IMPORT_PATH}" in text.splitlines()
