"""`inferloop verify`, `sign` and `replay`: what they ask of the service, what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines.datasets.store.store import DatasetStore
from engines.provenance.log import MarkLog
from engines.provenance.sheet import SheetSigner
from engines.storage.folder.storage import FolderStorage
from tests.engines.provenance.conftest import encoded, some_pixels
from tests.sdk.cli.command_line import CommandLine, Service
from tests.sdk.marks.marked import AUTHORITY, IDENTITY, marked_file, nobody
from tests.sdk.marks.test_read_mark import pem

SOUND: dict[str, Any] = {
    "mark": "present",
    "signature": "trusted",
    "changed": False,
    "summary": "The file was made by AI.",
}


def anchor_file(folder: Path) -> Path:
    path = folder / "anchor.pem"
    path.write_text(pem(AUTHORITY))
    return path


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"signature": "development"}, 0),
        ({"signature": "unknown"}, 0),
        ({"changed": True}, 1),
        ({"signature": "invalid"}, 1),
        ({"mark": "absent", "signature": None, "changed": None}, 1),
    ],
)
def test_a_file_is_sent_to_the_service_and_the_exit_code_says_if_it_is_sound(
    changes: dict[str, Any], code: int, tmp_path: Path
) -> None:
    service = Service(verify={**SOUND, **changes})
    line = CommandLine(service)
    assert line.run("verify", str(marked_file(tmp_path))) == code
    assert [path for _, path, _ in service.asked] == ["verify"]
    assert "The file was made by AI." in line.out


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"signature": "development"}, 3),
        ({"signature": "unknown"}, 3),
        ({"changed": True}, 1),
        ({"signature": "invalid"}, 1),
        ({"signature": "unknown", "changed": True}, 1),
    ],
)
def test_a_script_can_tell_a_signer_whom_nobody_trusts_from_a_changed_file(
    changes: dict[str, Any], code: int, tmp_path: Path
) -> None:
    line = CommandLine(Service(verify={**SOUND, **changes}))
    assert line.run("verify", str(marked_file(tmp_path)), "--require-trusted") == code
    assert ("is not trusted" in line.err) == (code == 3)


def test_a_datasets_signer_on_the_server_can_be_required_to_be_trusted() -> None:
    for signature, code in (("trusted", 0), ("development", 3)):
        report = {"unchanged": True, "signature": signature}

        def handler(_: httpx.Request, report: dict[str, Any] = report) -> httpx.Response:
            return httpx.Response(200, json=report)

        line = CommandLine(handler)
        assert line.run("verify", "--server-dataset", "d", "--require-trusted") == code


def test_the_log_of_marks_has_no_signer_to_trust() -> None:
    line = CommandLine(nobody)
    assert line.run("verify", "--log", "--require-trusted") == 2
    assert "--require-trusted is for images and datasets" in line.err


def test_a_stored_image_is_named_not_sent() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.params["path"], request.read()))
        return httpx.Response(200, json=SOUND)

    assert CommandLine(handler).run("verify", "--stored", "/data/generated/a.png") == 0
    assert asked == [("/data/generated/a.png", b"")]


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    line = CommandLine(nobody, environ={})
    path, anchor = marked_file(tmp_path), anchor_file(tmp_path)
    assert line.run("verify", str(path), "--offline", "--trust", str(anchor)) == 0
    assert "signature: trusted" in line.out
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert line.run("verify", str(path), "--offline") == 1
    assert "changed: true" in line.out


def test_a_file_that_is_no_image_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    line = CommandLine(nobody, environ={})
    assert line.run("verify", str(tmp_path / "a.txt"), "--offline") == 2
    assert line.err == "inferloop: neither PNG, JPEG nor WebP\n"
    assert line.run("verify", str(tmp_path / "none.png"), "--offline") == 2


def signed_folder(root: Path) -> Path:
    storage = FolderStorage(root)
    for name in ("a", "b"):
        storage.put_new(f"generated/d/{name}.png", encoded(some_pixels(side=8), "PNG"))
    SheetSigner(DatasetStore(storage), IDENTITY, MarkLog(storage), {}).sign("d")
    return root / "generated" / "d"


def test_a_folder_is_held_against_its_sheet_without_the_service(tmp_path: Path) -> None:
    folder, anchor = signed_folder(tmp_path / "root"), anchor_file(tmp_path)
    line = CommandLine(nobody, environ={})
    command = ("verify", "--dataset", str(folder), "--trust", str(anchor))
    assert line.run(*command) == 0
    assert "signature: trusted" in line.out
    (folder / "a.png").write_bytes(b"other")
    (folder / "b.png").unlink()
    (folder / "c.png").write_bytes(b"new")
    assert line.run(*command) == 1
    assert line.out.splitlines()[-3:] == ["added: c.png", "lost: b.png", "changed: a.png"]
    assert line.run(*command, "--json") == 1
    assert json.loads(line.out)["lost"] == ["b.png"]


def test_a_sheet_may_lie_elsewhere_and_a_folder_without_one_is_told(tmp_path: Path) -> None:
    folder = signed_folder(tmp_path / "root")
    sheet = (folder / "inferloop.sheet.jsonl").rename(tmp_path / "sheet.jsonl")
    line = CommandLine(nobody, environ={})
    assert line.run("verify", "--dataset", str(folder), "--sheet", str(sheet)) == 0
    assert line.run("verify", "--dataset", str(folder)) == 2
    assert "inferloop.sheet.jsonl" in line.err


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_script_does_not_take_a_service_that_is_away_for_a_changed_file(status: int) -> None:
    line = CommandLine(
        lambda _: httpx.Response(status, json={"error": {"code": "X", "message": "no"}})
    )
    for what in (("--stored", "/data/generated/a.png"), ("--server-dataset", "d"), ("--log",)):
        assert line.run("verify", *what) == 2


@pytest.mark.parametrize(("intact", "code"), [(True, 0), (False, 1)])
def test_the_log_and_a_servers_dataset_are_checked_there(intact: bool, code: int) -> None:
    report = {"intact": intact, "unchanged": intact, "entries": 3}

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path in ("/api/v1/marks/log", "/api/v1/datasets/d/sheet")
        return httpx.Response(200, json=report)

    assert CommandLine(handler).run("verify", "--log") == code
    assert CommandLine(handler).run("verify", "--server-dataset", "d") == code


SHEET: dict[str, Any] = {
    "dataset": "d",
    "signature": "trusted",
    "signer": "CN=Studio",
    "unchanged": True,
    "counts": {"added": 0, "lost": 0, "changed": 0},
    "log_lost": [],
    "problems": [],
}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "Unchanged: no file was added, lost or changed since the dataset was signed"),
        (
            {"unchanged": False, "counts": {"added": 1, "lost": 0, "changed": 12}},
            "CHANGED since the dataset was signed: 1 added, 12 changed",
        ),
        (
            {"unchanged": False, "signature": "invalid"},
            "CHANGED since the dataset was signed: the signature is not valid",
        ),
        (
            {"unchanged": False, "log_lost": ["a", "b"]},
            "CHANGED since the dataset was signed: 2 files of the log of marks changed",
        ),
        ({"unchanged": False}, "CHANGED since the dataset was signed: see problems"),
    ],
)
def test_the_first_line_says_whether_a_dataset_is_as_it_was_signed(
    changes: dict[str, Any], verdict: str
) -> None:
    report = {**SHEET, **changes}
    line = CommandLine(lambda _: httpx.Response(200, json=report))
    assert line.run("verify", "--server-dataset", "d") == int(not report["unchanged"])
    first = line.out.splitlines()[0]
    assert first.startswith(verdict)
    assert first.endswith(f"(signature: {report['signature']}, by CN=Studio).")
    line.run("verify", "--server-dataset", "d", "--json")
    assert json.loads(line.out) == report


def test_the_first_line_says_it_of_a_local_folder_and_of_the_log_too(tmp_path: Path) -> None:
    folder = signed_folder(tmp_path / "root")
    line = CommandLine(nobody, environ={})
    assert line.run("verify", "--dataset", str(folder)) == 0
    assert line.out.startswith("Unchanged: no file was added")
    (folder / "a.png").write_bytes(b"other")
    assert line.run("verify", "--dataset", str(folder)) == 1
    assert line.out.startswith("CHANGED since the dataset was signed: 1 changed (")
    for log, words in (
        ({"intact": True, "entries": 3, "problems": []}, "Intact: none of the 3 lines"),
        ({"intact": False, "entries": 3, "problems": ["x"]}, "CHANGED: lines of the log"),
    ):
        line = CommandLine(Service(marks_log=log))
        line.run("verify", "--log")
        assert line.out.startswith(words)


def test_exactly_one_thing_is_verified() -> None:
    for words in ((), ("a.png", "--log"), ("--log", "--stored", "x")):
        with pytest.raises(SystemExit):
            CommandLine(nobody).run("verify", *words)


def test_signing_says_when_the_key_is_a_development_key(tmp_path: Path) -> None:
    answer = {
        "name": "d",
        "sheet_path": "/data/generated/d/inferloop.sheet.jsonl",
        "digest": "ab",
        "signature": "development",
    }

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert request.url.path == "/api/v1/datasets/d/sign"
            return httpx.Response(200, json=answer)
        return httpx.Response(200, content=b"the sheet")

    line = CommandLine(handler)
    assert line.run("sign", "d", "--download", str(tmp_path)) == 0
    assert "other people do not trust" in line.err
    assert (tmp_path / "inferloop.sheet.jsonl").read_bytes() == b"the sheet"


def test_the_sentence_comes_first_and_the_recipe_is_left_to_json(tmp_path: Path) -> None:
    found = {**SOUND, "recipe": {"prompt": "a fox", "notes": []}}
    for form in ([], ["--json"]):
        line = CommandLine(lambda _request: httpx.Response(200, json=found))
        assert line.run(*form, "verify", str(marked_file(tmp_path))) == 0
        if form:
            assert json.loads(line.out)["recipe"] == found["recipe"]
        else:
            assert line.out.splitlines()[0] == SOUND["summary"]
            assert "a fox" not in line.out
