"""What the outside sees of a real Serve: tickets on any replica, and no secret in any log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from deployments.local.child_service import Service
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]
SOCKET = "/api/v1/ws/generation"


def answered(service: Service, query: str) -> str:
    """Type of the first message on a socket that is opened like a browser's."""
    url = service.url.replace("http", "ws", 1)
    with connect(f"{url}{SOCKET}?{query}", open_timeout=SERVICE_PATIENCE_S) as socket:
        socket.send("?")
        kind: str = json.loads(socket.recv(timeout=SERVICE_PATIENCE_S))["type"]
        return kind


def ticket_of(service: Service) -> str:
    answer = httpx.post(
        f"{service.url}/api/v1/ws/ticket",
        headers={"X-API-Key": service.key},
        timeout=SERVICE_PATIENCE_S,
    )
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


def log_files(service: Service) -> list[Path]:
    """Every log of its Ray: found by the raylet's own command line."""
    family = psutil.Process(service.pid).children(recursive=True)
    words = [word for each in family if each.name() == "raylet" for word in each.cmdline()]
    session = next(word.partition("=")[2] for word in words if word.startswith("--session_dir="))
    return [path for path in Path(session, "logs").rglob("*") if path.is_file()]


def lines_of(folder: Path, request_id: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What the logs hold, and the lines about a request. They are written when its answer is on
    its way: waits for the last, which says how long it took."""
    files: dict[str, str] = {}
    lines: list[dict[str, Any]] = []

    def are_whole() -> bool:
        nonlocal files, lines
        files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        whole = [line for text in files.values() for line in text.splitlines(True)]
        lines = [json.loads(line) for line in whole if line.endswith("\n") and request_id in line]
        return any("elapsed_ms" in line for line in lines)

    wait_for(are_whole, SERVICE_PATIENCE_S, said=lambda: lines)
    return files, lines


def test_a_ticket_works_once_whichever_replica_made_it(service: Service) -> None:
    for _ in range(6):  # two replicas: some are used where they were not made
        query = f"ticket={ticket_of(service)}"
        assert answered(service, query) == "error"
        with pytest.raises(InvalidStatus):
            answered(service, query)


def test_no_log_holds_what_a_url_held(service: Service) -> None:
    ticket = ticket_of(service)
    assert answered(service, f"api_key={service.key}") == "error"
    assert answered(service, f"ticket={ticket}") == "error"
    httpx.get(f"{service.url}/api/v1/profiles?api_key={service.key}", timeout=SERVICE_PATIENCE_S)
    httpx.get(f"{service.url}/nowhere?secret-in-a-query", timeout=SERVICE_PATIENCE_S)
    logs = log_files(service)
    said = {path.name: path.read_bytes() for path in logs}
    assert any(said.values())
    for secret in (service.key, ticket, "secret-in-a-query", "api_key=", "ticket="):
        assert [name for name, text in said.items() if secret.encode() in text] == []
        assert secret not in service.said()


def test_pages_come_through_whole(service: Service) -> None:
    for path in ("/", "/docs", "/docs/swagger-ui.js", "/studio", "/studio/main.js"):
        answer = httpx.get(
            f"{service.url}{path}", headers={"Accept": "text/html"}, timeout=SERVICE_PATIENCE_S
        )
        assert answer.status_code == 200
        assert "'none'" in answer.headers["Content-Security-Policy"]


def test_a_change_leaves_a_line_in_the_audit_log(service: Service, log_folder: Path) -> None:
    answer = httpx.post(
        f"{service.url}/api/v1/generate",
        headers={"X-API-Key": service.key},
        json={"prompt": "a prompt that no log may hold", "width": 64, "height": 64},
        timeout=SERVICE_PATIENCE_S,
    )
    assert answer.status_code == 200, answer.text
    request_id = answer.headers["X-Request-Id"]
    files, lines = lines_of(log_folder, request_id)
    [audited] = [x for x in lines if x.get("action")]
    assert (audited["action"], audited["outcome"]) == ("image.generate", "success")
    assert audited["objects"] == [answer.json()["image_path"]]
    [accessed] = [x for x in lines if "elapsed_ms" in x]
    assert accessed["status"] == 200
    for text in files.values():
        assert service.key not in text
        assert "a prompt that no log may hold" not in text
