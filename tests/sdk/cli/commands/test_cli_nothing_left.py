"""Local pictures that a command uploads are gone from the server afterwards, however it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, refusing

Handler = Callable[[httpx.Request], httpx.Response]
UPLOADS = "/data/uploads/"


class Server:
    """Keeps paths of pictures as the service does. `before` is called with each request, and its
    answer, if it gives one, is sent in place of the server's; `after` is called when a picture is
    stored, before the answer."""

    def __init__(
        self,
        before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None,
        after: Callable[[str], None] = lambda path: None,
    ) -> None:
        self.before = before
        self.after = after
        self.pictures: set[str] = set()
        self.stored_count = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.before(request)
        if answer is not None:
            return answer
        call = request.method, request.url.path.removeprefix("/api/v1")
        if call == ("POST", "/images"):
            folder = request.url.params.get("folder")
            return self._store(f"{UPLOADS}{folder + '/' if folder else ''}upload_", {})
        if call == ("POST", "/anonymize"):
            source = httpx.Response(200, content=request.content).json()["image_path"]
            assert source in self.pictures
            privacy = {"image_path": "", "privacy_score": 90, "passed": True}
            more = {"source_path": source, "method": "blur", "privacy": privacy}
            return self._store(f"{source.removesuffix('.png')}_anonymized_", more)
        if call == ("DELETE", "/images"):
            self.pictures.remove(request.url.params["path"])
            return httpx.Response(200, json={"status": "success"})
        if call[0] == "GET" and call[1] == "/images":
            assert request.url.params["path"] in self.pictures
            return httpx.Response(200, content=b"covered")
        if call == ("POST", "/profiles"):
            return httpx.Response(200, json={"name": "cats", "sample_count": 2, "path": "p"})
        return refusing(404, "NOT_FOUND", "none")(request)

    def _store(self, stem: str, more: dict[str, object]) -> httpx.Response:
        self.stored_count += 1
        path = f"{stem}{self.stored_count}.png"
        self.pictures.add(path)
        self.after(path)
        return httpx.Response(200, json={"image_path": path, "size_bytes": 3, **more})


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cat/1.jpg", "dog/1.jpg"):
        Path(name).parent.mkdir()
        Path(name).write_bytes(b"photograph")


def refused_at(method: str, path: str) -> Callable[[httpx.Request], httpx.Response | None]:
    def before(request: httpx.Request) -> httpx.Response | None:
        if (request.method, request.url.path) == (method, f"/api/v1{path}"):
            return refusing(500, "INTERNAL", "broken")(request)
        return None

    return before


def interrupted_at(text: str) -> Callable[[str], None]:
    def after(path: str) -> None:
        if text in path:
            signal.raise_signal(signal.SIGINT)

    return after


def test_neither_the_original_nor_the_covered_copy_stays_on_the_server() -> None:
    server = Server()
    line = CommandLine(server)
    assert line.run("image", "anonymize", "cat/1.jpg", "--out", "covered/") == 0
    assert server.stored_count == 2
    assert server.pictures == set()
    assert "source_path: cat/1.jpg" in line.out
    assert "image_path: covered/1_anonymized.png" in line.out
    assert UPLOADS not in line.out


def test_through_standard_output_nothing_stays_either() -> None:
    server = Server()
    line = CommandLine(server)
    assert line.run("image", "anonymize", "cat/1.jpg", "--out", "-") == 0
    assert line.written == b"covered"
    assert server.pictures == set()


def test_without_out_only_the_covered_copy_stays_and_is_named() -> None:
    server = Server()
    line = CommandLine(server)
    assert line.run("image", "anonymize", "cat/1.jpg") == 0
    (copy,) = server.pictures
    assert "_anonymized_" in copy
    assert f"image_path: {copy}" in line.out
    assert f"{copy} stays on the server" in line.err


def test_a_picture_that_was_on_the_server_before_stays_with_its_copy() -> None:
    server = Server()
    server.pictures.add("/data/uploads/office.png")
    line = CommandLine(server)
    assert line.run("image", "anonymize", "/data/uploads/office.png", "--out", "covered/") == 0
    assert len(server.pictures) == 2
    assert Path("covered/office_anonymized.png").read_bytes() == b"covered"


@pytest.mark.parametrize(("method", "path"), [("POST", "/anonymize"), ("GET", "/images")])
def test_nothing_stays_when_covering_or_the_download_fails(method: str, path: str) -> None:
    server = Server(refused_at(method, path))
    assert CommandLine(server).run("image", "anonymize", "cat/1.jpg", "--out", "covered/") == 1
    assert server.stored_count >= 1
    assert server.pictures == set()
    assert list(Path("covered").iterdir()) == []


def test_nothing_stays_when_the_disk_refuses_the_file() -> None:
    server = Server()
    Path("full").mkdir()

    def before(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET":
            Path("full").rmdir()
        return None

    server.before = before
    assert CommandLine(server).run("image", "anonymize", "cat/1.jpg", "--out", "full/x.png") == 1
    assert server.pictures == set()


@pytest.mark.parametrize("at", ["upload_1", "_anonymized_"])
def test_ctrl_c_while_a_picture_is_stored_still_removes_it(at: str) -> None:
    server = Server(after=interrupted_at(at))
    line = CommandLine(server)
    assert line.run("image", "anonymize", "cat/1.jpg", "--out", "covered/") == 130
    assert server.stored_count >= 1
    assert server.pictures == set()
    assert "waiting for the server's answer, to remove the picture there" in line.err


def test_ctrl_c_during_a_check_removes_the_upload() -> None:
    def before(request: httpx.Request) -> httpx.Response | None:
        if "validate" in request.url.path:
            signal.raise_signal(signal.SIGINT)
        return None

    server = Server(before)
    assert CommandLine(server).run("validate", "cat/1.jpg") == 130
    assert server.stored_count == 1
    assert server.pictures == set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("at", ["upload_1", "_anonymized_", "GET"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_timeout_or_a_closed_terminal_removes_the_pictures_too(
    at: str, number: signal.Signals
) -> None:
    def before(request: httpx.Request) -> httpx.Response | None:
        if request.method == at:
            signal.raise_signal(number)
        return None

    def after(path: str) -> None:
        if at in path:
            signal.raise_signal(number)

    server = Server(before, after)
    with pytest.raises(SystemExit) as ended:
        CommandLine(server).run("image", "anonymize", "cat/1.jpg", "--out", "covered/")
    assert ended.value.code == 128 + number
    assert server.stored_count >= 1
    assert server.pictures == set()
    assert signal.getsignal(number) is signal.SIG_DFL


def test_a_second_ctrl_c_ends_at_once() -> None:
    server = Server()

    def before(request: httpx.Request) -> httpx.Response | None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second one was ignored")

    server.before = before
    assert CommandLine(server).run("validate", "cat/1.jpg") == 130


def test_an_upload_without_an_answer_may_be_there_and_that_is_said() -> None:
    def before(request: httpx.Request) -> httpx.Response | None:
        raise httpx.ReadTimeout("no data", request=request)

    line = CommandLine(Server(before))
    assert line.run("validate", "cat/1.jpg") == 1
    assert "may have stored the picture" in line.err


def test_an_upload_that_is_gone_already_does_not_stay() -> None:
    line = CommandLine(Server(refused_at("POST", "/validate/quality")))

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return refusing(404, "NOT_FOUND", "no such image")(request)
        return httpx.Response(200, json={"image_path": f"{UPLOADS}a.png", "passed": True})

    line = CommandLine(handler)
    assert line.run("validate", "cat/1.jpg") == 0
    assert "stays" not in line.err


def test_covered_copies_have_the_names_of_their_sources_and_overwrite_nothing() -> None:
    for source in ("cat/1.jpg", "dog/1.jpg", "dog/1.jpg"):
        assert CommandLine(Server()).run("image", "anonymize", source, "--out", "covered/") == 0
    assert {path.name for path in Path("covered").iterdir()} == {
        "1_anonymized.png",
        "1_anonymized_2.png",
        "1_anonymized_3.png",
    }


def test_a_profile_that_fails_leaves_no_photographs_behind() -> None:
    for server in (
        Server(refused_at("POST", "/profiles")),
        Server(after=interrupted_at("/upload_2")),
    ):
        line = CommandLine(server)
        assert line.run("profile", "create", "cats", "--folder", ".") in (1, 130)
        assert server.stored_count == 2
        assert server.pictures == set()


def test_the_photographs_of_a_profile_go_where_that_is_asked_for() -> None:
    server = Server()
    line = CommandLine(server)
    argv = ("profile", "create", "cats", "--folder", ".")
    assert line.run(*argv) == 0
    assert len(server.pictures) == 2
    assert "they stay there; --remove-uploads removes them" in line.err
    server = Server()
    assert CommandLine(server).run(*argv, "--remove-uploads") == 0
    assert server.pictures == set()
