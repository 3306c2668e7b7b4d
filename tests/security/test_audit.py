"""S9: every change and every refusal leaves a line: who, what, which, when, how it ended."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse

from serve_app.config import RateLimits
from tests.security.spaces.tenants import SharedService, entry, key_of, picture
from tests.security.test_full_disk import WRITES, Stored, filled_by
from tests.serve_app.access.test_route_access import DECLARED

API = "/api/v1"
AUDITED = {route: access.audit for route, access in DECLARED.items() if access.audit is not None}
BODY = {"prompt": "a private wish", "width": 64, "height": 64, "num_inference_steps": 2}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedService:
    return SharedService(
        tmp_path_factory.mktemp("audited"),
        entry("ada", space="acme"),
        entry("reader", scopes=["read"]),
        entry("admin", scopes=["admin", "delete"]),
    )


class Lines:
    """What reached the audit log since the last look."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def taken(self) -> list[dict[str, Any]]:
        records = [r for r in self._caplog.records if r.name == "serve_app.audit"]
        self._caplog.clear()
        return [json.loads(record.message) for record in records]

    def only(self) -> dict[str, Any]:
        (line,) = self.taken()
        return line


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    caplog.set_level(logging.INFO, logger="serve_app")
    return Lines(caplog)


def test_a_line_says_who_did_what_to_which_and_how_it_ended(
    shared: SharedService, lines: Lines
) -> None:
    with shared.client("ada") as ada:
        made = ada.post(f"{API}/generate", json={**BODY, "dataset": "set"})
        line = lines.only()
        assert line["action"] == "image.generate"
        assert line["outcome"] == "success"
        assert line["key_name"] == "ada"
        assert len(line["key_hash"]) == 12
        assert line["space"] == "acme"
        assert line["objects"] == [made.json()["image_path"]]
        assert line["request_id"] == made.headers["X-Request-Id"]
        assert line["address"] == "testclient"
        assert line["code"] is None


def test_every_change_is_one_line(shared: SharedService, lines: Lines) -> None:
    root = shared.root
    with shared.client("ada") as ada:
        uploaded = ada.post(f"{API}/images", params={"folder": "real"}, content=picture(1))
        path = uploaded.json()["image_path"]
        assert (lines.only()["action"]) == "image.upload"
        ada.post(f"{API}/validate/quality", json={"image_path": path})
        line = lines.only()
        assert (line["action"], line["objects"]) == ("image.validate", [path])
        copy = ada.post(f"{API}/anonymize", json={"image_path": path}).json()["image_path"]
        line = lines.only()
        assert (line["action"], line["objects"]) == ("image.anonymize", [path, copy])
        ada.post(f"{API}/profiles", json={"name": "mine", "source_dir": f"{root}/uploads/real"})
        line = lines.only()
        assert line["action"] == "profile.create"
        assert line["objects"] == [f"{root}/uploads/real", f"{root}/profiles/stream_mine.json"]
        ada.post(f"{API}/generate", json={**BODY, "dataset": "shipped"})
        lines.taken()
        target = f"{root}/exports/shipped.jsonl"
        body = {"dataset_dir": f"{root}/generated/shipped", "output_file": target}
        assert ada.post(f"{API}/export/jsonl", json=body).status_code == 200
        line = lines.only()
        assert line["action"] == "dataset.export"
        assert line["objects"] == [f"{root}/generated/shipped", target]
        ada.delete(f"{API}/datasets/shipped")
        line = lines.only()
        assert (line["action"], line["objects"]) == ("dataset.delete", ["shipped"])
        ada.delete(f"{API}/profiles/mine")
        line = lines.only()
        assert (line["action"], line["objects"]) == ("profile.delete", ["mine"])


@pytest.mark.parametrize("route", AUDITED, ids=" ".join)
def test_a_route_that_changes_something_leaves_its_line_even_if_it_is_misused(
    shared: SharedService, lines: Lines, route: tuple[str, str]
) -> None:
    method, path = route
    with shared.client("ada") as ada:
        answer = ada.request(method, re.sub(r"{\w+}", "none", path), json={})
    line = lines.only()
    assert line["action"] == AUDITED[route]
    assert (line["outcome"] == "success") == (answer.status_code == 200)
    assert line["key_name"] == "ada"


@pytest.mark.parametrize("route", WRITES, ids="".join)
def test_a_write_that_succeeds_leaves_one_line_with_its_objects(
    tmp_path: Path, lines: Lines, route: tuple[str, str]
) -> None:
    shared, method, path = SharedService(tmp_path, entry("ada")), route[0], f"{API}{route[1]}"
    with shared.client("ada") as ada:
        body = {**BODY, "dataset": "set", "labels": {"animal": "fox"}}
        image = ada.post(f"{API}/generate", json=body).json()["image_path"]
        lines.taken()
        answer = WRITES[route](ada, Stored(image, ""))
    assert answer.status_code == 200, answer.text
    line = lines.only()
    assert (line["action"], line["outcome"]) == (AUDITED[method, path], "success")
    assert line["objects"]


def test_deletes_leave_a_line_with_their_objects(tmp_path: Path, lines: Lines) -> None:
    shared = SharedService(tmp_path, entry("ada"))
    with shared.client("ada") as ada:
        stored = filled_by(ada)
        lines.taken()
        for path, parameters, action in (
            ("/exports", {"path": stored.export}, "export.delete"),
            ("/images", {"path": stored.image}, "image.delete"),
        ):
            assert ada.delete(f"{API}{path}", params=parameters).status_code == 200
            line = lines.only()
            assert (line["action"], line["objects"]) == (action, [parameters["path"]])


def test_reading_leaves_no_line(shared: SharedService, lines: Lines) -> None:
    with shared.client("reader") as reader:
        for path in ("datasets", "profiles", "datasets/none"):
            reader.get(f"{API}/{path}")
    assert lines.taken() == []


def test_a_failed_change_is_a_line_with_its_code(shared: SharedService, lines: Lines) -> None:
    with shared.client("ada") as ada:
        ada.delete(f"{API}/datasets/none")
        line = lines.only()
        assert (line["outcome"], line["code"], line["objects"]) == (
            "failure",
            "NOT_FOUND",
            ["none"],
        )
        ada.post(f"{API}/generate", json={"prompt": ""})
        assert lines.only()["code"] == "INVALID_PARAMETERS"


def test_an_export_that_fails_after_its_status_is_a_failure(
    shared: SharedService, lines: Lines
) -> None:
    body = {
        "dataset_dir": f"{shared.root}/generated/none",
        "output_file": f"{shared.root}/exports/none.jsonl",
    }
    with shared.client("ada") as ada:
        ada.post(f"{API}/export/jsonl", json=body, headers={"Accept": "application/x-ndjson"})
    line = lines.only()
    assert (line["outcome"], line["code"]) == ("failure", "NOT_FOUND")


def test_a_missing_scope_is_a_denial(shared: SharedService, lines: Lines) -> None:
    with shared.client("reader") as reader:
        answer = reader.delete(f"{API}/datasets/set")
    assert answer.status_code == 403
    assert "delete" in answer.json()["error"]["message"]
    line = lines.only()
    assert (line["action"], line["outcome"]) == ("access.denied", "denied")
    assert (line["asked_for"], line["key_name"]) == ("dataset.delete", "reader")


def test_a_wrong_key_is_a_denial_until_it_is_throttled(shared: SharedService, lines: Lines) -> None:
    with shared.client("nobody") as nobody:
        codes = [nobody.get(f"{API}/profiles").status_code for _ in range(40)]
    denials = lines.taken()
    assert codes.count(401) == len(denials) == 20
    assert codes.count(429) == 20
    assert {line["reason"] for line in denials} == {"wrong key"}
    assert {line["key_name"] for line in denials} == {None}
    assert {line["asked_for"] for line in denials} == {f"{API}/profiles"}
    assert key_of("nobody") not in json.dumps(denials)


def test_an_admin_is_named_with_the_space_that_it_acted_in(
    shared: SharedService, lines: Lines
) -> None:
    with shared.client("admin", "acme") as admin:
        admin.delete(f"{API}/datasets/none")
    line = lines.only()
    assert (line["key_name"], line["space"]) == ("admin", "acme")


def test_every_job_of_a_socket_is_a_line(shared: SharedService, lines: Lines) -> None:
    with shared.client("ada") as ada, ada.websocket_connect(f"{API}/ws/generation") as socket:
        socket.send_json({"type": "generate", **BODY, "dataset": "by-socket"})
        message = socket.receive_json()
        while message["type"] == "progress":
            message = socket.receive_json()
    line = lines.only()
    assert (line["action"], line["outcome"]) == ("image.generate", "success")
    assert (line["objects"], line["job_id"]) == ([message["image_path"]], message["job_id"])
    assert line["space"] == "acme"


def test_a_key_that_was_revoked_generates_no_more_on_its_open_socket(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("ada"), entry("bob"))
    with shared.client("ada") as ada, ada.websocket_connect(f"{API}/ws/generation") as socket:
        shared.write_keys(entry("bob"))
        shared.clock += 2
        socket.send_json({"type": "generate", **BODY})
        assert socket.receive_json()["error"]["code"] == "UNAUTHORIZED"
    assert shared.client("ada").get(f"{API}/datasets").status_code == 401


def test_a_socket_needs_the_scope(shared: SharedService, lines: Lines) -> None:
    reader = shared.client("reader")
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        reader.websocket_connect(f"{API}/ws/generation"),
    ):
        pass
    assert denied.value.status_code == 403
    assert lines.only()["outcome"] == "denied"


def test_own_budgets_take_the_place_of_the_services(tmp_path: Path) -> None:
    shared = SharedService(
        tmp_path,
        entry("small", rates={"read": "1/minute"}),
        entry("usual"),
        rates=RateLimits(read="3/minute"),
    )
    with shared.client("small") as small, shared.client("usual") as usual:
        assert small.get(f"{API}/datasets").headers["X-RateLimit-Limit"] == "1"
        assert small.get(f"{API}/datasets").status_code == 429
        assert usual.get(f"{API}/datasets").headers["X-RateLimit-Limit"] == "3"


@pytest.mark.parametrize("shown", [True, False])
def test_prompts_are_shown_only_where_the_config_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shown: bool
) -> None:
    caplog.set_level(logging.INFO, logger="serve_app")
    shared = SharedService(tmp_path, entry("ada"), log_prompts=shown)
    with shared.client("ada") as ada:
        ada.post(f"{API}/generate", json=BODY)
        with ada.websocket_connect(f"{API}/ws/generation") as socket:
            socket.send_json({"type": "generate", **BODY})
            while socket.receive_json()["type"] == "progress":
                pass
    said = [r.message for r in caplog.records if str(BODY["prompt"]) in r.message]
    assert len(said) == (2 if shown else 0)
    assert key_of("ada") not in caplog.text


def test_a_name_cannot_forge_a_line(shared: SharedService, lines: Lines) -> None:
    with shared.client("ada") as ada:
        ada.post(
            f"{API}/validate/quality",
            json={"image_path": f'{shared.root}/uploads/x"}}\u2028{{"action": "keys.reload.png'},
        )
    assert len(lines.taken()) == 1
