"""`inferloop image`, local pictures where a picture is expected, and where files are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, refusing

STORED = "/data/uploads/fox.png"
COPY = "/data/uploads/fox.anonymized.png"
VERDICT = {"privacy_score": 90, "passed": True}


class Pictures:
    """Knows the pictures below `/data/` only, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        is_json = request.headers.get("content-type") == "application/json"
        picture = (
            httpx.Response(200, content=request.content).json()["image_path"] if is_json else None
        )
        self.asked.append((request.method, path, picture or request.url.params.get("path")))
        if picture is not None and not picture.startswith("/data/"):
            details = {"parameter": "image_path", "value": picture, "constraint": "under /data"}
            error = {"code": "INVALID_PARAMETERS", "message": "must be under", "details": details}
            return httpx.Response(400, json={"error": error})
        if (request.method, path) == ("POST", "/images"):
            return httpx.Response(200, json={"image_path": STORED, "size_bytes": 3})
        if (request.method, path) == ("GET", "/images"):
            return httpx.Response(200, content=b"png")
        return httpx.Response(200, json=self.answer(path))

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/anonymize":
            return {"image_path": COPY, "source_path": STORED, "method": "blur", "privacy": VERDICT}
        return VERDICT


@pytest.fixture
def fox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "fox.png"
    path.write_bytes(b"png")
    return path


def test_a_local_picture_is_uploaded_judged_and_removed(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("validate", "./fox.png", "--privacy") == 0
    assert service.asked == [
        ("POST", "/images", None),
        ("POST", "/validate/privacy", STORED),
        ("DELETE", "/images", STORED),
    ]
    assert "privacy.passed: true" in line.out
    assert "privacy.image_path: ./fox.png" in line.out


def test_an_absolute_path_is_uploaded_only_where_the_service_does_not_know_it(fox: Path) -> None:
    service = Pictures()
    assert CommandLine(service).run("validate", str(fox), "--privacy") == 0
    assert [path for _, path, _ in service.asked] == [
        "/validate/privacy",
        "/images",
        "/validate/privacy",
        "/images",
    ]
    known = Pictures()
    assert CommandLine(known).run("validate", STORED, "--privacy") == 0
    assert known.asked == [("POST", "/validate/privacy", STORED)]


def test_a_picture_that_is_nowhere_is_said_before_anything_is_sent(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("validate", "cat.png") == 2
    assert "there is no file cat.png here" in line.err
    assert service.asked == []
    assert line.run("validate", "/nowhere/cat.png") == 1
    assert "must be under" in line.err


def test_a_covered_copy_of_a_local_picture(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("image", "anonymize", "fox.png", "--out", "covered.png") == 0
    assert "method: blur" in line.out
    assert Path("covered.png").read_bytes() == b"png"
    assert service.asked[-2:] == [("DELETE", "/images", COPY), ("DELETE", "/images", STORED)]


def test_uploads_print_where_they_are(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("image", "upload", "fox.png", "fox.png") == 0
    assert line.out == f"{STORED}\n{STORED}\n"
    assert line.run("image", "upload", "fox.png", "cat.png") == 2
    assert line.err == "inferloop: not a file: cat.png\n"
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("out", "file"), [("here.png", "here.png"), ("new/", "new/fox.png"), (".", "./fox.png")]
)
def test_a_download_goes_where_the_usual_rules_say(fox: Path, out: str, file: str) -> None:
    fox.unlink()
    assert CommandLine(Pictures()).run("image", "download", STORED, "--out", out) == 0
    assert Path(file).read_bytes() == b"png"


def test_a_dash_is_standard_output(fox: Path) -> None:
    line = CommandLine(Pictures())
    assert line.run("image", "anonymize", "fox.png", "--out", "-") == 0
    assert line.written == b"png"
    assert "method: blur" in line.err
    assert not Path("-").exists()


def test_no_picture_is_poured_over_a_terminal(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service, person=True)
    assert line.run("image", "download", STORED, "--out", "-") == 2
    assert service.asked == []


def test_a_folder_that_is_not_there_is_said_before_anything_is_sent(fox: Path) -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("image", "download", STORED, "--out", "none/fox.png") == 2
    assert line.err == "inferloop: --out: there is no folder none\n"
    assert service.asked == []


@pytest.mark.parametrize(
    ("typed", "code", "deleted"), [("y\n", 0, True), ("\n", 2, False), ("no\n", 2, False)]
)
def test_who_sits_there_is_asked_before_a_picture_goes(
    typed: str, code: int, deleted: bool
) -> None:
    service = Pictures()
    line = CommandLine(service, stdin=typed, person=True)
    assert line.run("image", "delete", STORED) == code
    assert line.err.startswith(f"Delete {STORED}? [y/N] ")
    assert (("DELETE", "/images", STORED) in service.asked) is deleted


def test_a_script_says_yes_itself() -> None:
    service = Pictures()
    line = CommandLine(service)
    assert line.run("image", "delete", STORED) == 2
    assert "add --yes" in line.err
    assert service.asked == []
    assert line.run("image", "delete", STORED, "-y") == 0


def test_a_picture_that_cannot_be_removed_again_is_said_so(fox: Path) -> None:
    service = Pictures()

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return refusing(403, "FORBIDDEN", "no")(request)
        return service(request)

    line = CommandLine(handler)
    assert line.run("validate", "fox.png", "--privacy") == 0
    assert line.err == f"{STORED} stays on the server: FORBIDDEN: no\n"
