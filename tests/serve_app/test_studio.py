"""The studio needs no key, comes from this service alone, and keeps no key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve_app import studio
from tests.serve_app.api import Api

FOLDER = Path(studio.__file__).parent
PAGE, STYLE, SCRIPT = (
    FOLDER.joinpath(f"studio.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
)


@pytest.fixture
def stranger(api: Api) -> TestClient:
    return TestClient(api.app)


def test_anybody_may_open_it(stranger: TestClient) -> None:
    for path, content, kind in (
        ("/studio", PAGE, "text/html"),
        ("/studio/studio.css", STYLE, "text/css"),
        ("/studio/studio.js", SCRIPT, "text/javascript"),
    ):
        answer = stranger.get(path)
        assert (answer.status_code, answer.text) == (200, content)
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"


def test_it_loads_nothing_from_elsewhere() -> None:
    for text in (PAGE, STYLE, SCRIPT):
        assert "://" not in text.replace("${scheme}://${location.host}", "")
        assert "@import" not in text


def test_its_socket_is_opened_by_a_ticket_and_not_by_the_key() -> None:
    assert "api_key" not in SCRIPT
    assert "ws/generation?ticket=" in SCRIPT


def test_it_never_builds_markup_from_what_it_hears() -> None:
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert risky not in PAGE + SCRIPT


def test_it_keeps_no_key() -> None:
    assert "localStorage" not in SCRIPT
    assert "sessionStorage" not in SCRIPT
    assert "cookie" not in SCRIPT


def test_every_field_it_sends_is_a_field_of_the_contract(api: Api) -> None:
    fields = api.app.openapi()["components"]["schemas"]["GenerateRequest"]["properties"]
    names = re.findall(r'"(\w+)"', re.findall(r"(?:NUMBERS|TEXTS) = \[.*?\]", SCRIPT, re.DOTALL)[0])
    texts = re.findall(r'"(\w+)"', re.findall(r"TEXTS = \[.*?\]", SCRIPT, re.DOTALL)[0])
    for name in [*names, *texts]:
        assert name in fields
        assert f'id="{name}"' in PAGE
