"""`inferloop generate` and `batch`: what they ask of the service, what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, Service
from tests.sdk.streams.socket_server import SocketServer, progress, send

PNG = "/data/generated/image_1.png"


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

    socket_server.behaviors = [behave]
    line = CommandLine(Service(), socket_server.base_url, terminal=True)
    assert line.run("generate", "a fox") == 1
    last = line.err.rpartition("\r\x1b[K")[2]
    # One line, and a server's words cannot color or move anything.
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


def test_a_batch_of_one_call_shows_every_image_on_a_terminal() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        assert "application/x-ndjson" in request.headers["accept"]
        lines = [{"type": "progress", "done": done, "total": 3} for done in range(4)]
        images = [{"image_path": f"/data/generated/{n}.png"} for n in range(3)]
        lines.append({"type": "result", "images": images})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        return httpx.Response(200, text=text, headers={"Content-Type": "application/x-ndjson"})

    line = CommandLine(service, terminal=True)
    assert line.run("batch", "a", "b", "c") == 0
    assert "generating [##########....................] 1/3" in line.err
    assert "generating [##############################] 3/3" in line.err
    assert line.out.splitlines()[-1] == "/data/generated/2.png"


def test_a_service_that_takes_fewer_prompts_is_asked_in_shorter_calls() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        prompts = json.loads(request.content)["prompts"]
        if len(prompts) > 2:
            error = {
                "code": "INVALID_PARAMETERS",
                "message": "Invalid parameter: prompts must be between 1 and 2 items long",
                "details": {"parameter": "prompts", "constraint": "1 <= len(prompts) <= 2"},
            }
            return httpx.Response(400, json={"error": error})
        images = [{"image_path": f"/data/generated/{prompt}.png"} for prompt in prompts]
        return httpx.Response(200, json={"images": images})

    line = CommandLine(service)
    assert line.run("batch", "a", "b", "c") == 1
    assert "inferloop batch --per-call N" in line.err
    assert "inferloop dataset create FILE" in line.err
    assert line.run("batch", "a", "b", "c", "--per-call", "2") == 0
    assert [path[-5] for path in line.out.splitlines()] == ["a", "b", "c"]


def test_batch_without_prompts_is_wrong_usage() -> None:
    line = CommandLine(Service())
    assert line.run("batch") == 2
    assert line.err == "inferloop: no prompts: give some, or --file\n"


def test_labels_and_metadata_go_with_every_image() -> None:
    answer = {"image_path": PNG, "prompt": "a fox", "parameters": {}}
    service = Service(generate=answer, generate_batch={"images": [answer], "parameters": {}})
    given = ("--label", "animal=fox", "--label", "place=a = b", "--metadata", '{"n": [1]}')
    line = CommandLine(service)
    assert line.run("generate", "a fox", "--no-stream", *given) == 0
    assert line.run("batch", "a fox", *given) == 0
    for _, _, body in service.asked:
        assert body["labels"] == {"animal": "fox", "place": "a = b"}
        assert body["metadata"] == {"n": [1]}


@pytest.mark.parametrize(
    "given", [("--label", "fox"), ("--label", "=fox"), ("--label", "a="), ("--metadata", "[1]")]
)
def test_labels_and_metadata_that_are_none_are_wrong_usage(given: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        CommandLine(Service()).run("generate", "a fox", *given)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("quality,privacy", {"quality": True, "privacy": True}),
        ('{"quality": {"min_score": 0.5}}', {"quality": {"min_score": 0.5}}),
    ],
)
def test_requirements_by_name_or_as_json(given: str, sent: object) -> None:
    service = Service(generate={"image_path": PNG, "prompt": "a fox", "parameters": {}})
    line = CommandLine(service)
    options = ("--no-stream", "--require", given, "--max-tries", "3")
    assert line.run("generate", "a fox", *options) == 0
    _, _, body = service.asked[0]
    assert (body["require"], body["max_tries"]) == (sent, 3)
