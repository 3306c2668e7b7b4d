"""The process that is started before Serve asks for one, on a real Ray."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.local.child_service import REPOSITORY
from local_ray.running import free_port, private_ray_folder
from tests.waiting import SERVICE_PATIENCE_S

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]

START = """
import json, os, sys, threading
from pathlib import Path
from deployments.local.serving import prepare_environment
from deployments.settings import Settings
from local_ray.environment import closed_ray

os.environ.update(closed_ray(os.environ))
prepare_environment(Settings())
from deployments.local.ahead import Ahead
from deployments.local.cluster import ServeHere, deploy, service_ray, wait_until_running

folder, document = Path(sys.argv[1]), json.loads(sys.argv[2])
started = []
with service_ray(folder, dashboard=False) as address:
    ahead = Ahead("tests.ray.building")
    here = ServeHere(lambda: started.append(ahead.wait()))
    deploy(here, document)
    wait_until_running(here, threading.Event())
    started.append(Ahead("no.such.module").wait())
print(json.dumps({"started": started, "address": address}))
"""


def test_serve_builds_the_application_in_the_process_that_was_started_for_it(
    tmp_path: Path,
) -> None:
    built_by = tmp_path / "pid"
    document = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": free_port()},
        "applications": [
            {
                "name": "quick",
                "import_path": "tests.ray.building:build",
                "args": {"file": str(built_by)},
            }
        ],
    }
    with private_ray_folder() as folder:
        done = subprocess.run(
            [sys.executable, "-c", START, str(folder), json.dumps(document)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=SERVICE_PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    pid = int(built_by.read_text(encoding="utf-8"))
    assert told == {"started": [pid, None], "address": ""}  # the second could not import its module
