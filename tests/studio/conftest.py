"""One Chromium and one service for the tests of a file. Without a browser they are skipped with a
message.

They are not shared by all files: while Playwright runs, an event loop runs in the thread of the
tests, and asynchronous tests of other files could not start theirs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve_app.api import KEY
from tests.studio.application import listening, studio_app, studio_services

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "no browser: the studio is not tested. Install one (Debian: apt-get install chromium) or name "
    "it in INFERLOOP_CHROMIUM"
)
WAIT_MS = 30_000
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks")


def browser_path() -> str | None:
    """Path of the browser of this machine; None if there is none."""
    named = os.environ.get("INFERLOOP_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Studio:
    """A running service, and its data root."""

    url: str
    root: Path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        pytest.skip(MISSING)
    playwright = pytest.importorskip("playwright.sync_api", reason="`make setup-dev` brings it")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Studio]:
    root = tmp_path_factory.mktemp("studio")
    with listening(studio_app(root, studio_services(root, step_s=0.01))) as url:
        yield Studio(url, root)


@pytest.fixture
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A new page. Errors of its scripts, and requests that the content security policy blocks, fail
    the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(WAIT_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    opened.on(
        "request", lambda asked: faults.append(asked.url) if outside(asked.url, studio) else None
    )
    yield opened
    context.close()
    assert faults == []


def outside(url: str, studio: Studio) -> bool:
    """Whether a request goes to another server, or has the API key in its URL."""
    ours = url.startswith((studio.url, studio.url.replace("http", "ws"), "blob:", "data:"))
    return not ours or KEY in url
