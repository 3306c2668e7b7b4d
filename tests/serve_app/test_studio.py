"""The page is one file, needs no key, and lets no foreign script run where one is typed."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from starlette.testclient import TestClient

from serve_app.studio.page import PAGE
from tests.serve_app.face import Face


@pytest.fixture
def stranger(face: Face) -> TestClient:
    return TestClient(face.app, follow_redirects=False)


def test_anybody_may_open_it(stranger: TestClient) -> None:
    answer = stranger.get("/studio")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text == PAGE


def test_the_root_leads_to_it(stranger: TestClient) -> None:
    answer = stranger.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/studio")


def test_it_loads_nothing_from_elsewhere() -> None:
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|blob:)""", PAGE)
    assert "://" not in PAGE.replace("${scheme}://${location.host}", "")
    assert "@import" not in PAGE


def test_only_its_own_script_may_run(stranger: TestClient) -> None:
    policy = stranger.get("/studio").headers["Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", PAGE, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_it_never_builds_markup_from_what_it_hears() -> None:
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert risky not in PAGE


def test_it_keeps_no_key() -> None:
    assert "localStorage" not in PAGE
    assert "sessionStorage" not in PAGE
    assert "cookie" not in PAGE


def test_every_field_it_sends_is_a_field_of_the_contract(face: Face) -> None:
    fields = face.app.openapi()["components"]["schemas"]["GenerateRequest"]["properties"]
    names = re.findall(r'"(\w+)"', re.findall(r"(?:NUMBERS|TEXTS) = \[.*?\]", PAGE, re.DOTALL)[0])
    texts = re.findall(r'"(\w+)"', re.findall(r"TEXTS = \[.*?\]", PAGE, re.DOTALL)[0])
    for name in [*names, *texts]:
        assert name in fields
        assert f'id="{name}"' in PAGE
