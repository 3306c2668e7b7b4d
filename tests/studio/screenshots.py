"""Pictures of every view, of the embedded model's images: `python -m tests.studio.screenshots`.

It starts the service in this process, makes a small dataset, and writes `docs/img/studio-*.png`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.studio.application import listening, studio_app, studio_services
from tests.studio.conftest import FLAGS, Studio, browser_path
from tests.studio.steps import enter, go

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

OUT = Path(__file__).resolve().parents[2] / "docs" / "img"
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 800}
COLORS = 255
PATIENCE_MS = 600_000
SPEC = """\
name: animals
seed: 7
quotas: {animal: {fox: 3, cat: 3, owl: 2, horse: 2, rabbit: 2}}
attributes:
  animal: [fox, cat, owl, horse, rabbit]
  place: {values: {forest: 2, meadow: 1, snow: 1}}
prompt: "a {animal} in a {place}"
generation: {width: 192, height: 192, num_inference_steps: 8}
"""


def shoot(page: Page, name: str) -> None:
    """Keep what the window shows, with few colors."""
    page.wait_for_timeout(800)
    target = OUT / f"studio-{name}.png"
    page.screenshot(path=str(target))
    with Image.open(target) as whole:
        few = whole.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


def make_animals(page: Page, studio: Studio) -> None:
    """Declare the dataset, make it, validate it; pictures on the way."""
    enter(page, studio, "declare")
    page.get_by_label("Declaration").fill(SPEC)
    page.get_by_text("The service takes this declaration").wait_for()
    shoot(page, "declare")
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text("12 of 12 images").wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Validate all").click()
    page.get_by_text("Mean score").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("of 100:").wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("button", name="Download").wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("signed with a").wait_for(timeout=PATIENCE_MS)
    page.evaluate("() => scrollTo(0, 0)")
    shoot(page, "dataset")


def make_singles(page: Page) -> None:
    """A few images, one of them still coming."""
    go(page, "make")
    for prompt in ("a lighthouse at night", "a hamburger on a table", "a red car in a city"):
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_label("Steps").fill("8")
        page.get_by_role("button", name="Make", exact=True).click()
        card = page.get_by_role("article", name=prompt)
        card.get_by_role("button", name="Download").wait_for(timeout=PATIENCE_MS)
    page.get_by_label("Prompt", exact=True).fill("a castle on a hill, sunset")
    page.get_by_label("Steps").fill("100")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_alt_text("Preview of the image").wait_for(timeout=PATIENCE_MS)
    shoot(page, "make")
    page.get_by_role("button", name="Cancel").click()


def look_through(page: Page) -> None:
    """The gallery, one image, three side by side."""
    go(page, "look/animals?sort=score&order=desc")
    page.locator(".cell img").nth(8).wait_for()
    page.get_by_role("gridcell").first.get_by_role("button").focus()
    for key in ("5", "a", "ArrowRight", "4", "a", "ArrowRight", "r"):
        page.keyboard.press(key)
        page.wait_for_timeout(150)
    shoot(page, "look")
    page.get_by_role("gridcell").nth(1).get_by_role("button").click()
    page.get_by_role("dialog").locator("img").wait_for()
    shoot(page, "image")
    page.keyboard.press("Escape")
    for number in range(3):
        page.get_by_role("gridcell").nth(number).get_by_role("checkbox").check()
    page.get_by_role("link", name="Side by side").click()
    page.get_by_role("article").nth(2).wait_for()
    shoot(page, "compare")


def others(page: Page) -> None:
    """Views that need nothing."""
    for view, name in (
        ("datasets", "datasets"),
        ("profiles/sample_photos", "profile"),
        ("operate", "operate"),
    ):
        go(page, view)
        page.locator(".card").first.wait_for()
        shoot(page, name)


def small_and_dark(browser: Browser, studio: Studio) -> None:
    """A phone, and a dark desktop."""
    pages = {
        "phone": browser.new_page(viewport=PHONE, color_scheme="light"),
        "dark": browser.new_page(viewport=DESKTOP, color_scheme="dark"),
    }
    for name, page in pages.items():
        enter(page, studio, "look/animals?sort=score&order=desc")
        page.locator(".cell img").nth(3).wait_for()
        shoot(page, name)
        page.close()


def main() -> None:
    """All of them."""
    from playwright.sync_api import sync_playwright

    path = browser_path()
    assert path is not None, "no browser"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder) / "data"
        root.mkdir()
        with listening(studio_app(root, studio_services(root, real=True))) as url:
            studio = Studio(url, root)
            browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
            page = browser.new_page(viewport=DESKTOP, color_scheme="light")
            steps: list[Callable[[], None]] = [
                lambda: make_animals(page, studio),
                lambda: look_through(page),
                lambda: others(page),
                lambda: small_and_dark(browser, studio),
                lambda: make_singles(page),
            ]
            for step in steps:
                step()
            browser.close()


if __name__ == "__main__":
    main()
