"""Memory, connections, deadlines and quotas of a real service: what only Ray Serve shows (S5, S12,
S13, S14). The service of this folder, started as `make serve` starts it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from deployments.local.child_service import Service
from tests.security.running import EXPORT_MIB, MIB, QUOTA_BYTES

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{service.url}/api/v1", headers={"X-API-Key": service.key}, timeout=60.0
    ) as client:
        yield client


def connected(service: Service) -> socket.socket:
    url = httpx.URL(service.url)
    return socket.create_connection((url.host, url.port or 80), timeout=30)


def private_bytes(service: Service) -> int:
    """Of the ingress replicas and the proxy together."""
    total = 0
    for process in psutil.Process(service.pid).children(recursive=True):
        name = " ".join(process.cmdline())
        if "ServeReplica:inferloop:ingress" in name or "ProxyActor" in name:
            total += process.memory_info().rss
    return total


def test_downloads_that_nobody_reads_take_bounded_memory(
    service: Service, http: httpx.Client
) -> None:
    before = private_bytes(service)
    assert before > 0
    request = (
        "GET /api/v1/exports?path=/data/exports/large.bin HTTP/1.1\r\nHost: x\r\n"
        f"X-API-Key: {service.key}\r\n\r\n"
    ).encode()
    with ExitStack() as held:
        for _ in range(3):
            lazy = held.enter_context(connected(service))
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            lazy.sendall(request)
            assert lazy.recv(12) == b"HTTP/1.1 200"
        # A whole download beside them: whatever the others could take, they have taken by then.
        params = {"path": "/data/exports/large.bin"}
        with http.stream("GET", "/exports", params=params) as answer:
            read = sum(len(chunk) for chunk in answer.iter_bytes())
        assert read == EXPORT_MIB * MIB
        assert private_bytes(service) - before < EXPORT_MIB * MIB


def test_a_part_of_a_download(http: httpx.Client) -> None:
    answer = http.get(
        "/exports",
        params={"path": "/data/exports/large.bin"},
        headers={"Range": f"bytes={EXPORT_MIB * MIB - 10}-"},
    )
    assert (answer.status_code, len(answer.content)) == (206, 10)


def test_half_open_connections_are_closed(service: Service) -> None:
    with ExitStack() as held:
        silent = [held.enter_context(connected(service)) for _ in range(20)]
        for connection in silent[::2]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        said = [connection.recv(65_536) for connection in silent]  # gives up after 30 s
    assert all(b" 408 " in answer and b"REQUEST_TIMEOUT" in answer for answer in said[::2])
    assert all(answer == b"" for answer in said[1::2])


def test_no_client_moves_our_deadlines(http: httpx.Client) -> None:
    for name in ("x-request-timeout-seconds", "X-Request-Timeout-Seconds"):
        answer = http.get("/datasets", headers={name: "0.0005"})
        assert answer.status_code == 200
        assert len(answer.headers.get_list("x-request-id")) == 1


def test_past_the_quota_an_upload_is_507_and_a_delete_makes_room(
    service: Service, http: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "x.png"
    Image.effect_noise((32, 32), 80).save(path)
    content = path.read_bytes()
    stored: list[str] = []
    while (answer := http.post("/images", content=content)).status_code == 200:
        stored.append(answer.json()["image_path"])
    assert answer.status_code == 507
    assert answer.json()["error"]["code"] == "INSUFFICIENT_STORAGE"
    assert len(stored) * len(content) <= QUOTA_BYTES
    assert http.get("/images", params={"path": stored[0]}).content == content
    assert http.delete("/images", params={"path": stored[0]}).status_code == 200
    assert http.get("/images", params={"path": stored[0]}).status_code == 404
    assert http.post("/images", content=content).status_code == 200
