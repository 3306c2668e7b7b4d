"""Actions of users on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.serve_app.api import KEY

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.studio.conftest import Studio

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")

RUN_AXE = """async (rules) => {
  const { violations } = await axe.run(document, { runOnly: rules });
  const places = (each) => each.nodes.map((node) => node.html).slice(0, 3).join(" | ");
  return violations.map((each) => `${each.id}: ${places(each)}`);
}"""


def enter(page: Page, studio: Studio, where: str = "make", key: str = KEY) -> None:
    """Open the page at a view, with a key."""
    page.goto(f"{studio.url}/studio#/{where}")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Open the studio").click()
    page.locator("main.view h1").wait_for()


def go(page: Page, where: str) -> None:
    """Go to another view of the open page."""
    page.evaluate("where => { location.hash = where }", f"#/{where}")
    page.locator("main.view h1").wait_for()


def make(page: Page, prompt: str, steps: int = 4) -> Locator:
    """Make one image. Returns its card."""
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_label("Steps").fill(str(steps))
    page.get_by_role("button", name="Make", exact=True).click()
    card = page.get_by_role("article", name=prompt).first
    card.wait_for()
    return card


def api(
    page: Page, method: str, path: str, body: Any = None, more: dict[str, str] | None = None
) -> Any:
    """Call the API with the page's key and `more` headers. Returns the JSON answer."""
    headers = {"X-API-Key": KEY, "Content-Type": "application/json", **(more or {})}
    data = None if body is None else json.dumps(body)
    return page.request.fetch(path, method=method, headers=headers, data=data).json()


def violations(page: Page) -> list[str]:
    """Problems that axe-core finds on the page in its current state."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(f"() => {{ {AXE} }}")
    return list(page.evaluate(RUN_AXE, list(RULES)))
