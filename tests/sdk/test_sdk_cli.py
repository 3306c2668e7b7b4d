"""`inferloop`: what it asks of the service, what it prints, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.command_line import CommandLine
from tests.sdk.conftest import KEY
from tests.sdk.socket_server import SocketServer, progress, send

ROOT = Path(__file__).resolve().parents[2]
PNG = "/data/generated/image_1.png"
SET = "/data/generated/nature_set"


class Service:
    """Answers by path, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        kind = request.headers.get("content-type", "")
        body = json.loads(request.content) if kind == "application/json" else None
        self.asked.append((request.method, path, body))
        answer = self.answers[path.replace("/", "_")]
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, json=answer)


def refusing(status: int, code: str, message: str) -> Callable[[httpx.Request], httpx.Response]:
    envelope = {"error": {"code": code, "message": message, "details": {}}}
    return lambda request: httpx.Response(status, json=envelope)


# --- generation ---------------------------------------------------------------------------------


def test_generate_prints_the_path_and_downloads(
    socket_server: SocketServer, tmp_path: Path
) -> None:
    line = CommandLine(Service(images=b"png"), socket_server.base_url)
    assert line.run("generate", "a fox", "--out", str(tmp_path)) == 0
    assert line.out == f"{PNG}\n"
    assert (tmp_path / "image_1.png").read_bytes() == b"png"
    # Piped: no bar, no escape codes.
    assert line.err == f"saved to {tmp_path / 'image_1.png'}\n"


def test_generate_draws_a_live_bar_on_a_terminal(socket_server: SocketServer) -> None:
    line = CommandLine(Service(), socket_server.base_url, terminal=True)
    assert line.run("generate", "a fox") == 0
    frames = line.err.split("\r\x1b[K")
    assert frames[1:4] == [
        "generating [##########....................] 1/3",
        "generating [####################..........] 2/3",
        "generating [##############################] 3/3",
    ]
    # The bar takes itself away.
    assert frames[4:] == [""]
    assert line.out == f"{PNG}\n"


def test_generate_as_json(socket_server: SocketServer) -> None:
    line = CommandLine(Service(), socket_server.base_url, terminal=True)
    assert line.run("--json", "generate", "a fox") == 0
    assert json.loads(line.out) == {
        "image_path": PNG,
        "prompt": "a fox",
        "parameters": {"seed": 7},
        "job_id": "job_1",
        "served_model": "inferloop-mini",
    }
    assert line.err == ""


def test_generate_options_reach_the_service() -> None:
    service = Service(generate={"image_path": PNG, "prompt": "p", "parameters": {}})
    line = CommandLine(service)
    code = line.run(
        *("generate", "p", "--no-stream", "--width", "64", "--height", "72", "--steps", "5"),
        *("--guidance-scale", "7.5", "--seed", "0", "--dataset", "d", "--profile-strength", "0.5"),
    )
    assert code == 0
    assert service.asked == [
        (
            "POST",
            "generate",
            {
                "prompt": "p",
                "width": 64,
                "height": 72,
                "num_inference_steps": 5,
                "guidance_scale": 7.5,
                "seed": 0,
                "dataset": "d",
                "profile_strength": 0.5,
            },
        )
    ]


def test_an_error_over_the_socket_takes_the_bar_away_first(socket_server: SocketServer) -> None:
    def behave(connection: Any) -> None:
        connection.recv()
        send(connection, progress(1, 3))
        error = {"code": "INTERNAL_ERROR", "message": "NaN\x1b[31m\nlatents", "details": {}}
        send(connection, {"type": "error", "job_id": "job_1", "error": error})

    socket_server.behaviours = [behave]
    line = CommandLine(Service(), socket_server.base_url, terminal=True)
    assert line.run("generate", "a fox") == 1
    last = line.err.rpartition("\r\x1b[K")[2]
    # One line, and a server's words cannot colour or move anything.
    assert last == "inferloop: INTERNAL_ERROR: NaN [31m latents\n"


@pytest.mark.parametrize("source", ["arguments", "file", "standard input"])
def test_batch_takes_prompts_from_anywhere(source: str, tmp_path: Path) -> None:
    images = [{"image_path": f"/data/generated/{n}.png", "prompt": n} for n in ("a", "b")]
    service = Service(
        generate_batch={"batch_id": "batch_1", "images": images, "parameters": {}}, images=b"png"
    )
    line = CommandLine(service, stdin="a\n\n  b \n")
    (tmp_path / "prompts.txt").write_text("a\nb\n", encoding="utf-8")
    given = {
        "arguments": ("a", "b"),
        "file": ("--file", str(tmp_path / "prompts.txt")),
        "standard input": ("--file", "-"),
    }[source]
    assert line.run("batch", *given, "--batch-size", "2", "--out", str(tmp_path / "new")) == 0
    assert service.asked[0] == ("POST", "generate/batch", {"prompts": ["a", "b"], "batch_size": 2})
    assert line.out == "/data/generated/a.png\n/data/generated/b.png\n"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.png", "b.png"]


def test_batch_without_prompts_is_wrong_usage() -> None:
    line = CommandLine(Service())
    assert line.run("batch") == 2
    assert line.err == "inferloop: no prompts: give some, or --file\n"


# --- validation, export, datasets ---------------------------------------------------------------

VERDICTS = {
    "validate_quality": {"quality_score": 0.85, "metrics": {"noise_level": 0.03}, "passed": True},
    "validate_privacy": {
        "privacy_score": 50,
        "issues": [{"type": "face", "severity": "high", "message": "A face"}],
        "passed": False,
    },
}


@pytest.mark.parametrize(
    ("flags", "paths"),
    [
        ((), ["validate/quality", "validate/privacy"]),
        (("--quality",), ["validate/quality"]),
        (("--privacy",), ["validate/privacy"]),
        (("--quality", "--privacy"), ["validate/quality", "validate/privacy"]),
    ],
)
def test_validate_asks_for_what_is_wanted(flags: tuple[str, ...], paths: list[str]) -> None:
    service = Service(**VERDICTS)
    assert CommandLine(service).run("validate", PNG, *flags) == 0
    assert [path for _, path, _ in service.asked] == paths


def test_validate_prints_a_line_for_every_fact() -> None:
    line = CommandLine(Service(**VERDICTS))
    line.run("validate", PNG)
    assert line.out.splitlines() == [
        "quality.quality_score: 0.85",
        "quality.metrics.noise_level: 0.03",
        "quality.passed: true",
        "privacy.privacy_score: 50",
        "privacy.issues[0].type: face",
        "privacy.issues[0].severity: high",
        "privacy.issues[0].message: A face",
        "privacy.passed: false",
    ]


def test_validate_a_dataset() -> None:
    summary = {"passed": 1, "failed": 0, "errors": 0, "mean_score": None}
    verdict = {"image_count": 1, "quality": summary, "privacy": summary, "failures": []}
    service = Service(validate_dataset=verdict)
    line = CommandLine(service)
    assert line.run("validate", "--dataset", SET, "--metrics", "sharpness,noise") == 0
    body = {"dataset_dir": SET, "metrics": ["sharpness", "noise"]}
    assert service.asked == [("POST", "validate/dataset", body)]
    assert "quality.mean_score: null" in line.out


def test_export_with_everything(tmp_path: Path) -> None:
    report = {"status": "success", "exported_count": 1, "output_file": "/data/exports/a.jsonl"}
    service = Service(export_jsonl=report, exports=b"{}\n")
    line = CommandLine(service)
    code = line.run(
        *("export", "jsonl", SET, "--output", "/data/exports/a.jsonl", "--download", str(tmp_path)),
        *("--split", "train=0.9", "--split", "test=0.1", "--no-annotations", "--quality-passed"),
        *("--min-quality-score", "0.5"),
    )
    assert code == 0
    assert service.asked[0][2] == {
        "dataset_dir": SET,
        "output_file": "/data/exports/a.jsonl",
        "include_annotations": False,
        "filter": {"quality_passed": True, "min_quality_score": 0.5},
        "splits": {"train": 0.9, "test": 0.1},
    }
    assert (tmp_path / "a.jsonl").read_bytes() == b"{}\n"


def test_export_webdataset_names_a_folder() -> None:
    service = Service(export_webdataset={"status": "success", "exported_count": 1})
    assert CommandLine(service).run("export", "webdataset", SET, "--output", "/data/exports/a") == 0
    assert service.asked[0][2] == {"dataset_dir": SET, "output_dir": "/data/exports/a"}


@pytest.mark.parametrize(("status", "code"), [("success", 0), ("partial", 1), ("failed", 1)])
def test_an_export_with_holes_is_no_success(status: str, code: int) -> None:
    service = Service(export_s3={"status": status, "uploaded_count": 1, "failed_count": 0})
    line = CommandLine(service)
    assert line.run("export", "s3", SET, "--bucket", "b", "--prefix", "p") == code
    body = {"dataset_dir": SET, "bucket_name": "b", "s3_prefix": "p"}
    assert service.asked == [("POST", "export/s3", body)]


def test_datasets_as_a_table() -> None:
    entries = [
        {"name": "nature_set", "image_count": 120, "size_bytes": 24_500_000},
        {"name": "b", "image_count": 3, "size_bytes": 999},
    ]
    line = CommandLine(Service(datasets={"datasets": entries}))
    assert line.run("datasets") == 0
    assert line.out.splitlines() == [
        "NAME        IMAGES  SIZE",
        "nature_set  120     24.5 MB",
        "b           3       999 B",
    ]


def test_one_dataset_shown_and_deleted() -> None:
    service = Service(datasets_d={"name": "d", "image_count": 3})
    line = CommandLine(service)
    assert line.run("datasets", "d") == 0
    assert line.out == "name: d\nimage_count: 3\n"
    assert line.run("datasets", "d", "--delete") == 0
    assert [method for method, _, _ in service.asked] == ["GET", "DELETE"]


# --- how it ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("export", "jsonl", SET), "export jsonl needs --output"),
        (("export", "s3", SET), "export s3 needs --bucket"),
        (
            ("export", "webdataset", SET, "--output", "o", "--download", "x"),
            "--download takes single files: jsonl or parquet",
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
    assert line.run("generate", "a fox", "--out", str(tmp_path / "no" / "a.png")) == 1
    assert line.err.endswith("No such file or directory\n")
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
