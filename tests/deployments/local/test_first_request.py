"""The start's "Try" lines, pasted into a shell."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from deployments.local.first_request import first_request

URL = "http://127.0.0.1:8123"
SHOW = """\
curl() { for each in "$@"; do printf "%s\\n" "$each"; done; }
inferloop() { printf "%s\\n" "$INFERLOOP_API_KEY" "$INFERLOOP_BASE_URL" "$@"; }
"""


def commands(said: str) -> list[str]:
    """The lines that are to be pasted."""
    note, *lines = said.splitlines()
    assert note.startswith("Try")
    return [line for line in lines if line.startswith("  ")]


def pasted(script: str, **environment: str) -> list[str]:
    """What the programs of the lines are given."""
    done = subprocess.run(
        ["bash", "-euc", SHOW + script],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "it's a folder" / "api_key"
    file.parent.mkdir()
    file.write_text("ifl_secret\n", encoding="utf-8")
    return file


def test_curl_alone_finds_the_key_that_was_made(key_file: Path) -> None:
    given = pasted(commands(first_request(URL, key_file))[-1])
    assert f"{URL}/api/v1/generate" in given
    assert "X-API-Key: ifl_secret" in given
    assert json.loads(given[-1]) == {"prompt": "A beautiful sunset over mountains"}


def test_the_command_line_finds_the_key_and_the_service(key_file: Path) -> None:
    export, inferloop, _ = commands(first_request(URL, key_file))
    assert pasted(f"{export}\n{inferloop}") == [
        *("ifl_secret", URL),
        *("generate", "A beautiful sunset over mountains", "--out", "sunset.png"),
    ]


def test_a_program_in_a_folder_with_a_blank_is_called(tmp_path: Path) -> None:
    program = tmp_path / "my tools" / "inferloop"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$1"\n', encoding="utf-8")
    program.chmod(0o700)
    lines = commands(first_request(URL, None, str(program)))
    assert pasted("\n".join(lines[:2]), INFERLOOP_API_KEYS="k") == ["generate"]


def test_it_tells_the_studio_and_never_the_key(key_file: Path) -> None:
    said = first_request(URL, key_file)
    assert f"{URL}/studio" in said
    assert str(key_file) in said.splitlines()[-1]
    assert "ifl_secret" not in said


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"INFERLOOP_API_KEYS": "first,second"}, "first"),
        ({"INFERLOOP_API_KEY": "mine", "INFERLOOP_API_KEYS": "first,second"}, "mine"),
        ({"INFERLOOP_API_KEYS": "only one"}, "only one"),
    ],
)
def test_they_find_a_key_of_the_environment(environment: dict[str, str], key: str) -> None:
    export, inferloop, curl = commands(first_request(URL, None))
    assert f"X-API-Key: {key}" in pasted(curl, **environment)
    assert pasted(f"{export}\n{inferloop}", **environment)[0] == key
