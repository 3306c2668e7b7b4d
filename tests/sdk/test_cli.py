"""`inferloop`: how it ends, whatever the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sdk.command_line import CommandLine, Service, refusing
from tests.sdk.conftest import KEY
from tests.sdk.socket_server import SocketServer

ROOT = Path(__file__).resolve().parents[2]
SET = "/data/generated/nature_set"


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("export", "jsonl", SET), "export jsonl needs --output"),
        (("export", "s3", SET), "export s3 needs --bucket"),
        (
            ("export", "webdataset", SET, "--output", "o", "--download", "x"),
            "--download takes single files, not webdataset or s3",
        ),
        (
            ("export", "s3", SET, "--bucket", "b", "--download", "x"),
            "--download takes single files, not webdataset or s3",
        ),
        (("datasets", "--delete"), "--delete needs the name of a dataset"),
        (("profile", "show", ".."), "not a name: '..'"),
        (
            ("profiles", "--base-url", "here"),
            "base_url must look like http://host:8000, not 'here'",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_two(argv: tuple[str, ...], complaint: str) -> None:
    line = CommandLine(Service())
    assert line.run(*argv) == 2
    assert line.err == f"inferloop: {complaint}\n"
    assert line.out == ""


def test_without_a_key() -> None:
    line = CommandLine(Service(), environ={})
    assert line.run("profiles") == 2
    assert line.err == "inferloop: no API key: give --api-key, or set INFERLOOP_API_KEY\n"


@pytest.mark.parametrize("argv", [("--api-key", "k2", "profiles"), ("profiles", "--api-key", "k2")])
def test_a_key_argument_wins_wherever_it_stands(argv: tuple[str, ...]) -> None:
    keys = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["X-API-Key"])
        return httpx.Response(200, json={"profiles": []})

    assert CommandLine(handler).run(*argv) == 0
    assert keys == ["k2"]


def test_an_error_of_the_service_is_one_line_and_one() -> None:
    message = "Invalid parameter: width must be between 64 and 1024"
    line = CommandLine(refusing(400, "INVALID_PARAMETERS", message))
    assert line.run("generate", "p", "--no-stream", "--width", "2048") == 1
    assert line.err == f"inferloop: INVALID_PARAMETERS: {message}\n"
    assert line.out == ""


def test_nobody_there_is_one_line_and_one() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    line = CommandLine(handler)
    assert line.run("profiles") == 1
    assert line.err == "inferloop: Cannot connect to http://service.test/api/v1\n"
    assert KEY not in line.err


def test_a_file_that_cannot_be_written_is_one_line_and_one(
    socket_server: SocketServer, tmp_path: Path
) -> None:
    line = CommandLine(Service(images=b"png"), socket_server.base_url)
    assert line.run("generate", "a fox", "--out", str(tmp_path / f"{'a' * 300}.png")) == 1
    assert line.err.endswith("File name too long\n")
    assert line.err.count("\n") == 1


def test_interrupted() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    line = CommandLine(handler)
    assert line.run("profiles") == 130
    assert line.err == "inferloop: interrupted\n"


def test_as_a_program() -> None:
    def inferloop(*argv: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "inferloop_synthdata", *argv]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert inferloop("--version").stdout.startswith("inferloop ")
    nothing = inferloop()
    assert nothing.returncode == 2
    assert "COMMAND" in nothing.stderr
    assert "Traceback" not in nothing.stderr
    unreachable = inferloop("profiles", "--api-key", "k", "--base-url", "nonsense")
    assert (unreachable.returncode, unreachable.stderr.count("\n")) == (2, 1)
