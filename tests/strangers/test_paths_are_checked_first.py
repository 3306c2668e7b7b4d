"""What the command line cannot write is said before the service works; paths are never lost."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.sdk.cli.command_line import CommandLine, Service

PNG = "/data/generated/image_1.png"
MADE = {"image_path": PNG, "prompt": "p", "parameters": {}}
COMMANDS = {
    "generate": ("generate", "p", "--no-stream", "--out"),
    "export": ("export", "jsonl", "/data/generated/d", "--output", "o.jsonl", "--download"),
    "compare": ("profile", "compare", "shop", "--dataset", "/data/generated/d", "--plot"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_folder_is_said_before_anything_is_made(tmp_path: Path, name: str) -> None:
    service = Service()
    line = CommandLine(service)
    assert line.run(*COMMANDS[name], str(tmp_path / "missing" / "x.png")) == 2
    assert "there is no folder" in line.err
    assert service.asked == []


@pytest.mark.parametrize("command", [("batch", "p", "--out")])
def test_a_file_in_the_place_of_the_folder_is_said_before_anything_is_made(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "taken").touch()
    service = Service()
    line = CommandLine(service)
    assert line.run(*command, str(tmp_path / "taken")) == 2
    assert "taken" in line.err
    assert service.asked == []


def broken_downloads(request: httpx.Request) -> httpx.Response:
    """Makes images and cannot hand them out."""
    if request.url.path.endswith("/images"):
        return httpx.Response(404, json={"error": {"code": "NOT_FOUND", "message": "gone"}})
    if request.url.path.endswith("/batch"):
        return httpx.Response(200, json={"images": [MADE, MADE]})
    return httpx.Response(200, json=MADE)


@pytest.mark.parametrize(
    ("command", "printed"),
    [(("generate", "p", "--no-stream"), f"{PNG}\n"), (("batch", "p", "q"), f"{PNG}\n{PNG}\n")],
)
def test_the_path_is_printed_when_the_download_fails(
    tmp_path: Path, command: tuple[str, ...], printed: str
) -> None:
    line = CommandLine(broken_downloads)
    assert line.run(*command, "--out", str(tmp_path)) == 1
    assert line.out == printed
    assert "gone" in line.err
