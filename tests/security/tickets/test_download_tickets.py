"""A browser saves an exported file with a ticket: that file, until the ticket ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve_app.config import ApiConfig
from tests.security.browsers import opens, ticket_of
from tests.security.spaces.tenants import SharedService, entry
from tests.serve_app.api import HEADERS, KEY, Api

SAVED = "/data/exports/birds.jsonl"


def download_ticket(client: TestClient, path: str = SAVED, key: str = KEY) -> str:
    answer = client.post(
        "/api/v1/exports/ticket", params={"path": path}, headers={"X-API-Key": key}
    )
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


@pytest.fixture
def exported(api: Api, browser: TestClient) -> TestClient:
    """With two exported files."""
    for name in ("birds", "other"):
        api.fakes.files.contents[f"exports/{name}.jsonl"] = b"line\n"
    return browser


def saved(client: TestClient, path: str, ticket: str, **more: str) -> int:
    """Status of a browser's own download, which has no header."""
    query = {"path": path, "ticket": ticket, **more}
    return client.get("/api/v1/exports", params=query).status_code


def test_a_ticket_saves_one_exported_file_and_goes_on_where_that_was_cut(
    exported: TestClient,
) -> None:
    ticket = download_ticket(exported)
    assert KEY not in ticket
    query = {"path": SAVED, "ticket": ticket}
    assert exported.head("/api/v1/exports", params=query).status_code == 200
    answer = exported.get("/api/v1/exports", params=query)
    assert (answer.status_code, answer.content) == (200, b"line\n")
    going_on = {"Range": "bytes=2-", "If-Range": answer.headers["ETag"]}
    rest = exported.get("/api/v1/exports", params=query, headers=going_on)
    assert (rest.status_code, rest.content) == (206, b"ne\n")


def test_a_download_ticket_opens_that_file_and_nothing_else(exported: TestClient) -> None:
    ticket = download_ticket(exported)
    other = "/data/exports/other.jsonl"
    assert saved(exported, other, ticket) == 401
    assert (
        exported.get("/api/v1/images", params={"path": SAVED, "ticket": ticket}).status_code == 401
    )
    assert exported.get("/api/v1/jobs", params={"ticket": ticket}).status_code == 401
    gone = exported.delete("/api/v1/exports", params={"path": SAVED, "ticket": ticket})
    assert gone.status_code == 401
    assert not opens(exported, f"?ticket={ticket}")
    twice = f"/api/v1/exports?path={SAVED}&path={other}&ticket={ticket}"
    assert exported.get(twice).status_code in (400, 401)
    assert saved(exported, SAVED, download_ticket(exported)) == 200


def test_a_socket_ticket_saves_no_file(exported: TestClient) -> None:
    ticket = ticket_of(exported)
    assert saved(exported, SAVED, ticket) == 401
    assert opens(exported, f"?ticket={ticket}")


def test_a_download_ticket_ends_however_often_it_is_used(api: Api, exported: TestClient) -> None:
    life_s = ApiConfig().downloads.ticket_s
    ticket = download_ticket(exported)
    for _ in range(2):
        api.clock.advance(life_s / 2 - 0.1)
        assert saved(exported, SAVED, ticket) == 200
    api.clock.advance(0.3)
    assert saved(exported, SAVED, ticket) == 401


def test_a_download_ticket_is_for_the_space_that_it_was_asked_for_in(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("root", scopes=["read", "admin"]))
    for space in ("acme", "globex"):
        folder = shared.root / "spaces" / space / "exports"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text(f"of {space}\n")
    path = f"{shared.root}/exports/a.jsonl"
    with shared.client("root", "acme") as admin:
        made = admin.post("/api/v1/exports/ticket", params={"path": path})
    query = {"path": path, "ticket": made.json()["ticket"]}
    with TestClient(shared.app) as browser:
        assert browser.get("/api/v1/exports", params=query).text == "of acme\n"
        other = browser.get("/api/v1/exports", params=query, headers={"X-Space": "globex"})
        assert other.status_code == 403


def test_a_ticket_asked_for_outside_every_space_opens_none(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("root", scopes=["read", "admin"]))
    for folder in (shared.root / "exports", shared.root / "spaces" / "acme" / "exports"):
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("a line\n")
    path = f"{shared.root}/exports/a.jsonl"
    with shared.client("root") as admin:
        made = admin.post("/api/v1/exports/ticket", params={"path": path})
    query = {"path": path, "ticket": made.json()["ticket"]}
    with TestClient(shared.app) as browser:
        other = browser.get("/api/v1/exports", params=query, headers={"X-Space": "acme"})
        assert other.status_code == 403
        assert browser.get("/api/v1/exports", params=query).text == "a line\n"


def test_a_wrong_key_is_not_mended_by_a_download_ticket(exported: TestClient) -> None:
    query = {"path": SAVED, "ticket": download_ticket(exported)}
    wrong = exported.get("/api/v1/exports", params=query, headers={"X-API-Key": "wrong"})
    assert wrong.status_code == 401
    assert saved(exported, **query) == 200


def test_there_is_no_ticket_for_what_is_not_there(exported: TestClient) -> None:
    def status(path: str) -> int:
        query = {"path": path}
        return exported.post("/api/v1/exports/ticket", params=query, headers=HEADERS).status_code

    assert status("/data/exports/none.jsonl") == 404
    assert status("/data/generated/n/a.png") == 400
    assert status("/data/exports/../x") == 400
