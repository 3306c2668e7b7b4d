"""`inferloop`: how it ends, whatever the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, Service, refusing
from tests.sdk.conftest import KEY
from tests.sdk.streams.socket_server import SocketServer

ROOT = Path(__file__).resolve().parents[3]
SET = "/data/generated/nature_set"


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
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


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("exprot",), "no such command: exprot; did you mean export?"),
        (("dataset", "lst"), "no such command: lst; did you mean list?"),
        (("export", "parket"), "no such command: parket; did you mean parquet?"),
        (("generate", "a", "--seeed", "3"), "no such option: --seeed; did you mean --seed?"),
        (("jobs", "--state", "runing"), "no such --state: runing; did you mean running?"),
        (
            ("jobs", "--state", "x"),
            "no such --state: x (there are queued, running, succeeded, failed, canceled)",
        ),
        (("export", "jsonl", SET), "the following arguments are required: --output"),
        (("export", "s3", SET), "the following arguments are required: --bucket"),
        (
            ("export", "webdataset", SET, "--output", "o", "--download", "x"),
            "no such option: --download",
        ),
        (("export", "s3", SET, "--bucket", "b", "--download", "x"), "no such option: --download"),
    ],
)
def test_a_word_that_is_not_known_is_said_with_the_nearest_one(
    argv: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        CommandLine(Service()).run(*argv)
    assert ended.value.code == 2
    said, where = capsys.readouterr().err.splitlines()
    assert said == f"inferloop: {complaint}"
    assert where.startswith("see: inferloop ")
    assert where.endswith(" --help")


@pytest.mark.parametrize("command", [(), ("generate",), ("dataset", "delete"), ("export", "csv")])
def test_every_help_tells_the_exit_codes(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        CommandLine(Service()).run(*command, "--help")
    assert ended.value.code == 0
    assert "130 interrupted" in " ".join(capsys.readouterr().out.split())


def test_each_export_shows_its_own_options_only(capsys: pytest.CaptureFixture[str]) -> None:
    for name, own, strange in (("s3", "--bucket", "--output"), ("csv", "--output", "--bucket")):
        with pytest.raises(SystemExit):
            CommandLine(Service()).run("export", name, "--help")
        shown = capsys.readouterr().out
        assert own in shown
        assert strange not in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_a_shell(shell: str) -> None:
    line = CommandLine(Service())
    assert line.run("completion", shell) == 0
    assert "_ARGCOMPLETE" in line.out
    assert "inferloop" in line.out


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    def completed(words: str) -> set[str]:
        answer = tmp_path / "answer"
        subprocess.run(
            [sys.executable, "-m", "inferloop_synthdata"],
            cwd=ROOT,
            env={
                **{"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": words},
                **{"COMP_POINT": str(len(words)), "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)},
            },
            check=False,
        )
        return {word.strip() for word in answer.read_text(encoding="utf-8").splitlines()}

    assert completed("inferloop dataset cr") == {"create"}
    assert "--seed" in completed("inferloop generate --se")


def test_a_wait_for_the_budget_is_said_at_once() -> None:
    answers = iter([429, 200])

    def handler(request: httpx.Request) -> httpx.Response:
        if next(answers) == 200:
            return httpx.Response(200, json={"profiles": []})
        error = {"code": "RATE_LIMITED", "message": "slow down", "details": {}}
        return httpx.Response(429, json={"error": error}, headers={"Retry-After": "12"})

    line = CommandLine(handler)
    assert line.run("profiles") == 0
    assert line.err.startswith("rate limited, waiting 12.")
    assert "(retry 1 of 3)" in line.err
    assert 12 <= line.waits.slept_s[0] < 13


@pytest.mark.parametrize(
    ("person", "environ", "is_colored"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False)],
)
def test_colors_on_a_terminal_only(person: bool, environ: dict[str, str], is_colored: bool) -> None:
    key = {"INFERLOOP_API_KEY": KEY}
    service = Service(
        profiles={"profiles": []}, validate_privacy={"privacy_score": 5, "passed": True}
    )
    line = CommandLine(service, environ={**key, **environ}, person=person, color=True)
    assert line.run("profiles") == 0
    assert ("\x1b[1mNAME" in line.out) is is_colored
    assert line.run("validate", "/x.png", "--privacy", "--fail") == 0
    colored = "\x1b[36mprivacy.passed\x1b[0m: \x1b[32mtrue\x1b[0m"
    assert line.out.splitlines()[-1] == (colored if is_colored else "privacy.passed: true")


def test_the_server_s_status_is_the_exit_code() -> None:
    line = CommandLine(lambda request: httpx.Response(200, json={"status": "ready"}))
    assert line.run("server", "status") == 0
    assert line.out == "ready: http://service.test\n"
    busy = CommandLine(refusing(503, "OVERLOADED", "Not ready: quality"))
    assert busy.run("server", "status") == 1
    assert busy.out == "not ready: OVERLOADED: Not ready: quality\n"
    assert busy.waits.slept_s == []


def test_the_models_are_listed() -> None:
    paths = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        sizes = {"width": 512, "height": 256, "num_inference_steps": 50, "guidance_scale": 7.5}
        one = {"id": "m/one", "is_default": True, "defaults": sizes, "loras": []}
        return httpx.Response(200, json={"models": [one], "limits": {"max_prompts": 64}})

    line = CommandLine(handler)
    assert line.run("models") == 0
    assert paths == ["/api/v1/models"]
    assert line.out.splitlines()[1].split() == ["m/one", "default", "512x256", "50", "7.5"]


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


@pytest.mark.parametrize(
    ("status", "code", "message", "hint"),
    [
        (401, "UNAUTHORIZED", "No.", "the key comes from --api-key, or from INFERLOOP_API_KEY"),
        (403, "FORBIDDEN", "Key 'a' lacks the scope 'b'.", "the key lacks the needed scope"),
        (403, "FORBIDDEN", "Bucket b is not allowed.", None),
        (500, "INTERNAL_ERROR", "No.", "request id req_7: search for it in the service's log"),
        (404, "NOT_FOUND", "No.", None),
    ],
)
def test_an_error_is_followed_by_what_to_do(
    status: int, code: str, message: str, hint: str | None
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        error = {"code": code, "message": message, "details": {}}
        return httpx.Response(status, json={"error": error}, headers={"X-Request-Id": "req_7"})

    line = CommandLine(handler)
    assert line.run("profiles") == 1
    said, *rest = line.err.splitlines()
    assert said == f"inferloop: {code}: {message}"
    assert len(rest) == (hint is not None)
    assert line.err.find(hint or "") >= 0


def test_who_waits_too_long_is_told_how_to_wait_longer() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out")

    line = CommandLine(handler)
    assert line.run("profiles") == 1
    assert "--timeout-s waits longer" in line.err.splitlines()[-1]


@pytest.mark.parametrize("argv", [(), ("dataset",), ("export",)])
def test_a_group_alone_shows_what_is_in_it(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        CommandLine(Service()).run(*argv)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: {' '.join(('inferloop', *argv))} [-h]")


def test_help_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for argv in (("help", "export", "s3"), ("export", "s3", "--help"), ("help",), ("--help",)):
        with pytest.raises(SystemExit) as ended:
            CommandLine(Service()).run(*argv)
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[2] == said[3]


def test_nobody_there_is_said_with_what_to_look_at() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    line = CommandLine(handler)
    assert line.run("profiles") == 1
    assert line.err.splitlines() == [
        "inferloop: Cannot connect to http://service.test/api/v1",
        "is the service running there? --base-url or INFERLOOP_BASE_URL names another address",
    ]
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
