"""Workers that are forks, on a real Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.local.child_service import REPOSITORY
from local_ray.running import free_port, private_ray_folder
from tests.waiting import SERVICE_PATIENCE_S

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]

START = """
import json, os, sys, threading, time
from pathlib import Path
import psutil
from deployments.local.serving import prepare_environment, prepare_ray
from deployments.settings import Settings
from local_ray.environment import closed_ray

os.environ.update(closed_ray(os.environ))
prepare_environment(Settings())
prepare_ray()
from deployments.local.cluster import ServeHere, deploy, service_ray, wait_until_running
from deployments.local.fork_server import Stage, fork_servers

folder, document = Path(sys.argv[1]), json.loads(sys.argv[2])
nothing = Stage(socket=folder.parent / "nothing", modules=("colorsys",), forks=1)
first = Stage(socket=folder.parent / "application", modules=("fastapi",), then=(nothing,))


def replica():
    (found,) = [
        each for each in psutil.Process().children(recursive=True)
        if each.name().startswith("ray::ServeReplic") and each.status() != psutil.STATUS_ZOMBIE
    ]
    return found


def parent_after(kill):
    before = replica()
    kill(before)
    while True:
        try:
            now = replica()
        except ValueError:
            now = before
        if now.pid != before.pid:
            return now.parent().name()
        time.sleep(0.1)


def kill_all_servers(replica):
    for child in psutil.Process().children():
        if child.name().startswith("python") and "fork_server" in " ".join(child.cmdline()):
            child.kill()
    replica.kill()


with fork_servers(first), service_ray(folder, dashboard=False, workers=first):
    here = ServeHere()
    (application,) = document["applications"]
    variables = nothing.variable(first)
    application["deployments"] = [
        {"name": "nothing", "ray_actor_options": {"runtime_env": {"env_vars": variables}}}
    ]
    deploy(here, document)
    wait_until_running(here, threading.Event())
    parents = [replica().parent().name()]
    parents.append(parent_after(lambda replica: replica.kill()))
    parents.append(parent_after(kill_all_servers))
print(json.dumps(parents))
"""


def test_replicas_are_forks_and_are_replaced_when_they_or_the_servers_die(tmp_path: Path) -> None:
    document = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": free_port()},
        "applications": [
            {
                "name": "quick",
                "import_path": "tests.ray.building:build",
            }
        ],
    }
    with private_ray_folder() as folder:
        done = subprocess.run(
            [sys.executable, "-c", START, str(folder), json.dumps(document)],
            cwd=REPOSITORY,
            env={**os.environ, "INFERLOOP_DATA_ROOT": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            timeout=SERVICE_PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    # The stage's server has become `cat` after its one fork. The first replacement is a fork of the
    # first stage, whose server is a Python program; the last one is started by Ray alone.
    assert json.loads(done.stdout.splitlines()[-1]) == ["cat", "python", "raylet"]
