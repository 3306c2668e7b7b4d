"""Nothing of Ray or Serve answers without the token, on any address (S1).

Every listening socket of the service's processes is asked, without a token, over HTTP for jobs,
logs, applications, actors and metrics, and over gRPC for every method that Ray and Serve have. What
still answers is listed here and in docs/security.md, and listens on loopback.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from deployments.local.child_service import Service
from local_ray.environment import LOOPBACK_ONLY
from tests.security.sockets import (
    Listening,
    grpc_answers,
    grpc_methods,
    http_answers,
    is_open,
    listening,
    outside_address,
)
from tests.waiting import SERVICE_PATIENCE_S

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
"""The names of the services that Ray's source has; no call, no data."""
METRICS = {"DashboardAgent", "dashboard.py", "monitor.py"}
"""Processes with a Prometheus exporter: numbers and names of deployments, by any path."""


@pytest.fixture(scope="module")
def sockets(service: Service) -> list[Listening]:
    return listening(service.pid)


def exports_metrics(one: Listening) -> bool:
    answer = httpx.get(f"http://127.0.0.1:{one.port}/metrics", timeout=SERVICE_PATIENCE_S)
    return answer.status_code == 200 and answer.text.startswith("# HELP")


def test_the_whole_family_is_looked_at(sockets: list[Listening]) -> None:
    found = {each.process for each in sockets}
    assert {"gcs_server", "raylet", "dashboard.py", "DashboardAgent", "RuntimeEnvAgent"} <= found
    assert {"ServeController", "ProxyActor", "ServeReplica:inferloop:ingress"} <= found


def test_what_answers_without_a_token_is_listed(service: Service, sockets: list[Listening]) -> None:
    methods = grpc_methods()
    assert len(methods) > 100
    own_port = int(service.url.rpartition(":")[2])
    for one in sockets:
        by_http = http_answers("127.0.0.1", one.port, {})
        if one.port == own_port:
            assert not by_http, "the API has keys of its own"
        elif by_http:
            assert one.process in METRICS, (one, by_http)
            assert one.on_loopback_only
            assert exports_metrics(one)
        else:
            by_grpc = grpc_answers("127.0.0.1", one.port, methods)
            assert set(by_grpc) <= {REFLECTION}, (one, by_grpc)


def test_from_outside_the_machine_only_locked_ports_can_be_reached(
    sockets: list[Listening],
) -> None:
    """Serve opens the port between its replicas on every address; it asks for the token."""
    outside = outside_address()
    if outside is None:
        pytest.skip("this machine has no other address than loopback")
    methods = grpc_methods()
    for one in sockets:
        if not is_open(outside, one.port):
            continue
        assert one.process.startswith("ServeReplica:"), one
        assert http_answers(outside, one.port, {}) == {}
        assert grpc_answers(outside, one.port, methods) == {}


def test_with_the_token_the_same_questions_are_answered(
    service: Service, sockets: list[Listening]
) -> None:
    """The control: were the probes blind, everything would look closed."""
    headers = service.ray_headers()
    port = int(service.dashboard().rpartition(":")[2])
    assert {"/api/version", "/api/jobs/"} <= set(http_answers("127.0.0.1", port, headers))
    nodes = "/ray.rpc.NodeInfoGcsService/GetAllNodeInfo"
    token = (("authorization", headers["Authorization"]),)
    (gcs,) = (each for each in sockets if each.process == "gcs_server")
    assert grpc_answers("127.0.0.1", gcs.port, [nodes], token) == {nodes: "OK"}
    replicas = [each for each in sockets if each.process.startswith("ServeReplica:")]
    reached = [grpc_answers("127.0.0.1", each.port, grpc_methods(), token) for each in replicas]
    assert any("Serve" in method for found in reached for method in found)


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_stranger_s_job_is_not_run(service: Service, tmp_path: Path, token: str | None) -> None:
    """The critical fault, as it was found."""
    marker = tmp_path / "ran"
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {"entrypoint": f"touch {marker}"}
    agents = [each.port for each in listening(service.pid) if each.process == "DashboardAgent"]
    asked = [f"{service.dashboard()}/api/jobs/"]
    asked += [f"http://127.0.0.1:{port}/api/job_agent/jobs/" for port in agents]
    statuses = []
    for url in asked:
        try:
            statuses.append(
                httpx.post(url, headers=headers, json=body, timeout=SERVICE_PATIENCE_S).status_code
            )
        except httpx.TransportError:
            continue
    assert {401, 403} & set(statuses)
    # The exporter knows every path, and runs nothing: numbers, or 405 where it is not a GET.
    assert set(statuses) <= {200, 401, 403, 405}
    jobs = httpx.get(
        f"{service.dashboard()}/api/jobs/",
        headers=service.ray_headers(),
        timeout=SERVICE_PATIENCE_S,
    )
    assert [job for job in jobs.json() if job["type"] != "DRIVER"] == [], "only the launcher itself"
    assert not marker.exists()


STRANGERS: Mapping[str, str] = {
    "ray.init": "import ray; ray.init(address='{gcs}', log_to_driver=False)",
    "the state API": "from ray.util.state import list_actors; list_actors(address='{dashboard}')",
    "the GCS client": (
        "from ray._raylet import GcsClient; "
        "GcsClient(address='{gcs}').internal_kv_keys(b'', namespace=None)"
    ),
}


@pytest.mark.parametrize("way", STRANGERS)
def test_ray_s_own_clients_are_turned_away_without_the_token(
    service: Service, sockets: list[Listening], tmp_path: Path, way: str
) -> None:
    """They reach the servers: without `LOOPBACK_ONLY` they would look at another address."""
    (gcs,) = (each for each in sockets if each.process == "gcs_server")
    code = STRANGERS[way].format(gcs=f"127.0.0.1:{gcs.port}", dashboard=service.dashboard())
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "RAY_AUTH_MODE": "disabled",
            **LOOPBACK_ONLY,
        },
        capture_output=True,
        text=True,
        timeout=SERVICE_PATIENCE_S,
    )
    assert done.returncode != 0
    refusals = ("Unauthenticated", "InvalidAuthToken", "Authentication required", "Unauthorized")
    assert any(each in done.stderr for each in refusals), done.stderr


def test_ray_s_sockets_in_files_are_the_owner_s(service: Service) -> None:
    """They ask for no token: the folder above them lets nobody else in."""
    import psutil

    paths = {
        Path(str(connection.laddr))
        for process in psutil.Process(service.pid).children(recursive=True)
        for connection in process.net_connections(kind="unix")
        if str(connection.laddr).startswith("/tmp/ifl-")
    }
    assert {path.name for path in paths} >= {"raylet", "plasma_store"}
    tops = {Path(*path.parts[:3]) for path in paths}
    assert [top.stat().st_mode & 0o077 for top in tops] == [0]
