"""The listening sockets of a process and its descendants, and their answers without a token."""

from __future__ import annotations

import importlib
import pkgutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import httpx
import psutil
import ray.core.generated
import ray.serve.generated

ANSWERS_WITHIN_S = 60.0
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
ASKED_BY_HTTP = (
    ("GET", "/api/version"),
    ("GET", "/api/jobs/"),
    ("GET", "/api/job_agent/jobs/"),
    ("GET", "/api/cluster_status"),
    ("GET", "/api/serve/applications/"),
    ("GET", "/api/v0/actors"),
    ("GET", "/api/v0/tasks"),
    ("GET", "/api/v0/workers"),
    ("GET", "/api/v0/logs?node_ip=127.0.0.1"),
    ("GET", "/api/v0/logs/file?node_ip=127.0.0.1&filename=gcs_server.out"),
    ("GET", "/logical/actors"),
    ("GET", "/nodes?view=summary"),
    ("GET", "/api/prometheus_health"),
    ("GET", "/api/packages/gcs/none.zip"),
    ("GET", "/worker/traceback?pid=1"),
    ("GET", "/events"),
    ("GET", "/metrics"),
    ("GET", "/metrics/cluster"),
    ("GET", "/-/routes"),
    ("POST", "/get_or_create_runtime_env"),
    ("POST", "/get_runtime_envs_info"),
)


@dataclass(frozen=True)
class Listening:
    """A listening socket: its address, and its process."""

    address: str
    port: int
    process: str

    @property
    def on_loopback_only(self) -> bool:
        return self.address in LOOPBACK


def listening(pid: int) -> list[Listening]:
    """The TCP sockets on which the process and all its descendants listen."""
    root = psutil.Process(pid)
    found = []
    for process in (root, *root.children(recursive=True)):
        try:
            connections, name = process.net_connections(kind="inet"), process_name(process)
        except psutil.NoSuchProcess:  # an idle worker that has ended
            continue
        found += [
            Listening(one.laddr.ip, one.laddr.port, name)
            for one in connections
            if one.status == psutil.CONN_LISTEN
        ]
    return sorted(set(found), key=lambda each: (each.process, each.port))


def process_name(process: psutil.Process) -> str:
    """A short name: Ray's title of the process, the script, or the binary."""
    line = process.cmdline()
    if line and line[0].startswith(("ray::", "ray-")):
        return line[0].removeprefix("ray::").split(".")[0]
    script = next((part for part in line if part.endswith((".py", "launch"))), process.name())
    return script.rpartition("/")[2]


def outside_address() -> str | None:
    """An address of this machine that others can reach; None if there is no network."""
    for addresses in psutil.net_if_addrs().values():
        for one in addresses:
            if one.family == socket.AF_INET and not one.address.startswith("127."):
                return str(one.address)
    return None


def is_open(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(ANSWERS_WITHIN_S)
        return probe.connect_ex((address, port)) == 0


def http_answers(address: str, port: int, headers: dict[str, str]) -> dict[str, int]:
    """Path to status, for all paths that are not refused; empty if the port has no HTTP server."""
    found: dict[str, int] = {}
    with httpx.Client(
        base_url=f"http://{address}:{port}", headers=headers, timeout=ANSWERS_WITHIN_S
    ) as client:
        for method, path in ASKED_BY_HTTP:
            try:
                status = client.request(method, path).status_code
            except httpx.TransportError:  # gRPC, or closed at once
                return found
            if status not in (401, 403, 404, 405):
                found[path] = status
    return found


def grpc_methods() -> list[str]:
    """All gRPC methods of Ray and Ray Serve, and common methods of other servers."""
    known = {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}
    for package in (ray.core.generated, ray.serve.generated):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.endswith("_pb2"):
                known.update(_methods(info.name))
    return sorted(known)


def _methods(module_name: str) -> Iterator[str]:
    descriptor = importlib.import_module(module_name).DESCRIPTOR
    for service in descriptor.services_by_name.values():
        for method in service.methods:
            yield f"/{service.full_name}/{method.name}"


def grpc_answers(
    address: str, port: int, methods: list[str], token: tuple[tuple[str, str], ...] = ()
) -> dict[str, str]:
    """Method to status code, for all calls with an empty message that the server processed, that
    is, it knows the method and did not refuse the missing token. Empty if the port has no gRPC
    server."""
    refused = {
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.UNAVAILABLE,
    }
    found: dict[str, str] = {}
    with grpc.insecure_channel(f"{address}:{port}", (("grpc.enable_http_proxy", 0),)) as channel:
        for method in methods:
            try:
                channel.unary_unary(method)(b"", timeout=ANSWERS_WITHIN_S, metadata=token)
                code = grpc.StatusCode.OK
            except grpc.RpcError as error:
                code = error.code()
            if code is grpc.StatusCode.UNAVAILABLE:  # another protocol
                return found
            if code not in refused:
                found[method] = code.name
    return found
