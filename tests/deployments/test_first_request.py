"""The start's "Try" line, pasted into a shell."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from deployments.local.first_request import first_request

URL = "http://127.0.0.1:8123"
SHOW = 'curl() { for each in "$@"; do printf "%s\\n" "$each"; done; }\n'


def pasted(said: str, **environment: str) -> list[str]:
    """What curl is given."""
    note, _, command = said.partition("\n")
    assert note.startswith("Try")
    done = subprocess.run(
        ["bash", "-c", SHOW + command],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_it_finds_the_key_that_was_made(tmp_path: Path) -> None:
    file = tmp_path / "it's a folder" / "api_key"
    file.parent.mkdir()
    file.write_text("ifl_secret\n", encoding="utf-8")
    said = first_request(URL, file)
    given = pasted(said)
    assert f"{URL}/api/v1/generate" in given
    assert "X-API-Key: ifl_secret" in given
    assert json.loads(given[-1]) == {"prompt": "A beautiful sunset over mountains"}
    assert "ifl_secret" not in said


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"INFERLOOP_API_KEYS": "first,second"}, "first"),
        ({"INFERLOOP_API_KEY": "mine", "INFERLOOP_API_KEYS": "first,second"}, "mine"),
        ({"INFERLOOP_API_KEYS": "only one"}, "only one"),
    ],
)
def test_it_finds_a_key_of_the_environment(environment: dict[str, str], key: str) -> None:
    assert f"X-API-Key: {key}" in pasted(first_request(URL, None), **environment)
