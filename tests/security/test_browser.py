"""S14: what a browser is given, and what it may do with it. Nothing comes from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.testclient import TestClient

from serve_app.middleware.key import PUBLIC_PATHS
from tests.serve_app.api import HEADERS, Api

PAGES = ("/", "/studio", "/docs")
DIRECTIVE = re.compile(r"([a-z-]+) ([^;]+)")


class Links(HTMLParser):
    """What a page loads, and what of it would need a looser policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.inline += [name for name in named if name.startswith("on") or name == "style"]
        source = named.get("src") or (named.get("href") if tag == "link" else None)
        if source:
            self.loaded.append(source)
        self._in = tag if tag in ("script", "style") and not source else None

    def handle_data(self, data: str) -> None:
        if self._in and data.strip():
            self.inline.append(data)


@pytest.fixture
def stranger(api: Api) -> Iterator[TestClient]:
    with TestClient(api.app, headers={"Accept": "text/html"}) as client:
        yield client


def policy(header: str) -> dict[str, str]:
    return dict(DIRECTIVE.findall(header))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_only_files_of_this_service(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.headers["Content-Type"].startswith("text/html")
    told = policy(answer.headers["Content-Security-Policy"])
    assert told["default-src"] == told["frame-ancestors"] == told["base-uri"] == "'none'"
    assert told["form-action"] == "'none'"
    for directive in ("script-src", "style-src", "connect-src"):
        assert told[directive] == "'self'"
    assert told["img-src"] == "'self' blob: data:"
    assert Links(answer.text).inline == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_and_all_it_loads_need_no_key_and_no_other_host(
    stranger: TestClient, path: str
) -> None:
    loaded = Links(stranger.get(path).text).loaded
    assert loaded
    for link in loaded:
        assert not urlsplit(link).netloc
        answer = stranger.get(urljoin(path, link))
        assert answer.status_code == 200, link
        assert len(answer.content) > 100
        kind = "css" if link.endswith(".css") else "javascript" if link.endswith(".js") else "png"
        assert kind in answer.headers["Content-Type"]


def test_the_documentation_asks_no_other_host(stranger: TestClient) -> None:
    start = stranger.get("/docs/docs.js").text
    assert "://" not in start
    assert "validatorUrl: null" in start
    assert "SwaggerUIBundle" in stranger.get("/docs/swagger-ui.js").text
    assert stranger.get(urljoin("/docs", "openapi.json")).json()["paths"]


def test_the_root_says_where_to_go(stranger: TestClient, client: TestClient) -> None:
    for link in ("studio", "docs", "openapi.json", "readyz"):
        assert f'href="{link}"' in stranger.get("/").text
        assert stranger.get(f"/{link}").status_code == 200
    places = client.get("/", headers={"Accept": "*/*"}).json()
    assert client.get(places["api"] + "/profiles").status_code == 200
    for name in ("docs", "openapi", "studio", "health", "readiness"):
        assert client.get(places[name]).status_code == 200


ANYTHING = (
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs/swagger-ui.js"),
    ("GET", "/api/v1/profiles"),
    ("GET", "/api/v1/images?path=/data/generated/absent.png"),
    ("POST", "/api/v1/generate"),
    ("PUT", "/api/v1/generate"),
    ("GET", "/nowhere"),
)


@pytest.mark.parametrize("key", ["right", "wrong", "none"])
@pytest.mark.parametrize(("method", "path"), ANYTHING)
def test_every_answer_is_nothing_but_what_it_says(
    api: Api, method: str, path: str, key: str
) -> None:
    headers = {"right": HEADERS, "wrong": {"X-API-Key": "wrong"}, "none": {}}[key]
    with TestClient(api.app, headers=headers) as client:
        answer = client.request(method, path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers.get_list("X-Request-Id") != []
    cached = answer.headers.get("Cache-Control")
    assert (cached == "private, no-store") == (urlsplit(path).path not in PUBLIC_PATHS)


def test_uploaded_bytes_cannot_run_as_a_page(client: TestClient) -> None:
    picture = bytes.fromhex("89504e470d0a1a0a") + b"<script>alert(1)</script>"
    uploaded = client.post("/api/v1/images", content=picture)
    assert uploaded.status_code == 200, uploaded.text
    answer = client.get("/api/v1/images", params={"path": uploaded.json()["image_path"]})
    assert answer.content == picture
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "filename" in answer.headers["Content-Disposition"]
    told = answer.headers["Content-Security-Policy"]
    assert "sandbox" in told
    assert "allow" not in told
