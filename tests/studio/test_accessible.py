"""For everybody: no violation that axe-core knows in any state, by keyboard, on a phone, dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest

from tests.serve_app.api import KEY
from tests.studio.conftest import WAIT_MS, Studio
from tests.studio.many import make_many
from tests.studio.steps import enter, go, make, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = pytest.mark.slow

WIDER = "() => document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def zoo(studio: Studio) -> str:
    make_many(studio.root, "zoo", 12)
    return "zoo"


def states(page: Page, studio: Studio, zoo: str) -> dict[str, list[str]]:
    """What axe says in every state of the page that there is."""
    found = {}
    page.goto(f"{studio.url}/studio")
    page.get_by_label("API key").wait_for()
    found["welcome"] = violations(page)
    enter(page, studio)
    page.get_by_label("Steps").wait_for()
    found["make"] = violations(page)
    make(page, "a fox", 2).get_by_role("button", name="Show the image large").wait_for()
    page.get_by_text("Dataset and requirements").click()
    found["made"] = violations(page)
    go(page, f"look/{zoo}")
    page.locator(".cell img").first.wait_for()
    page.get_by_label("Choose 00003").check()
    page.get_by_role("button", name="00003").focus()
    for key in ("4", "a"):
        page.keyboard.press(key)
    page.get_by_role("gridcell", name="00003").get_by_text("accepted").wait_for()
    found["look"] = violations(page)
    page.get_by_role("button", name="00004").click()
    page.get_by_role("dialog").wait_for()
    found["large"] = violations(page)
    page.keyboard.press("Escape")
    for view, sign in {
        f"look/{zoo}?seed=99": "No image is like that",
        "datasets": zoo,
        f"datasets/{zoo}": "What is in it",
        "declare": "The service takes this declaration",
        f"add/{zoo}": "Nothing dropped yet",
        "profiles": "Make a profile",
        "operate": "every part serves",
    }.items():
        go(page, view)
        page.get_by_text(sign).first.wait_for()
        found[view] = violations(page)
    page.get_by_role("button", name="Log").first.click()
    page.get_by_role("cell", name="Done").wait_for()
    found["log"] = violations(page)
    return found


@pytest.mark.timeout(180)
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_no_state_has_a_violation(page: Page, studio: Studio, zoo: str, colors: str) -> None:
    page.emulate_media(color_scheme="dark" if colors == "dark" else "light")
    found = states(page, studio, zoo)
    assert {state: faults for state, faults in found.items() if faults} == {}


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_it_fits_a_phone(
    browser: Browser, studio: Studio, zoo: str, colors: Literal["light", "dark"]
) -> None:
    phone: ViewportSize = {"width": 360, "height": 740}
    context = browser.new_context(viewport=phone, has_touch=True, color_scheme=colors)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    enter(page, studio)
    for view in (
        "make",
        f"look/{zoo}",
        "datasets",
        f"datasets/{zoo}",
        "declare",
        "add",
        "profiles",
        "operate",
    ):
        go(page, view)
        page.locator(".card, .cell, .filters").first.wait_for()
        assert not page.evaluate(WIDER), view
        assert colors == "light" or violations(page) == [], view
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 3 * 60) == (colors == "dark"), ground
    context.close()


def test_an_image_is_made_without_a_mouse(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/studio")
    page.get_by_label("API key").wait_for()
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    page.locator("main.view h1").wait_for()
    page.get_by_label("Prompt", exact=True).wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == "prompt":
            break
    page.keyboard.type("made by keys")
    page.keyboard.press("Control+Enter")
    card = page.get_by_role("article", name="made by keys")
    card.get_by_role("button", name="Show the image large").wait_for()
