"""Makes screenshots of every view: `python -m tests.studio.screenshots`.

It starts the service in this process, makes a small dataset, and writes `docs/img/studio-*.png`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engines.diffusion.contract import DecodedImage
from engines.diffusion.decoding.thumbnails import thumbnail
from engines.testing.diffusion import FakeDenoising, FakeRunner
from tests.studio.application import MODELS, listening, studio_app, studio_services
from tests.studio.conftest import FLAGS, Studio, browser_path
from tests.studio.steps import enter, go
from tests.studio.test_profiles import drop, png

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

    from engines.types import Pixels

OUT = Path(__file__).resolve().parents[2] / "docs" / "img"
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 800}
COLORS = 255
PATIENCE_MS = 600_000
GRID = MODELS / "inferloop-mini" / "grid.png"
"""Pictures that the embedded model made before, so that this takes seconds."""
TILE_PX, HEAD_PX, COLUMNS = 128, 14, 12
ROWS = (
    "sunset|sunset|sunset|flying cars|flying cars|flying cars|apple|apple|apple|cat|cat|cat",
    "fox|fox|fox|dog|lion|tiger|panda|owl|penguin|elephant|horse|butterfly",
    "fish|rabbit|strawberry|banana|pizza|cake|rose|sunflower|tree|mushroom|car|bus",
    "airplane|rocket|sailboat|house|guitar|clock|robot|heart|star|green dog|yellow car|pink apple",
    "purple heart|beach|forest|desert|sea at night|city at night|mountains|sky|snow|sea|kitten|pup",
)
NAMES = [name for row in ROWS for name in row.split("|")]
SPEC = """\
name: things
seed: 7
quotas: {kind: {animal: 10, food: 6, vehicle: 6, plant: 6, place: 6}}
attributes:
  kind: [animal, food, vehicle, plant, place]
  thing:
    - {when: {kind: animal}, values: [fox, dog, lion, tiger, panda, owl, penguin, elephant, horse]}
    - {when: {kind: food}, values: [strawberry, banana, pizza, cake]}
    - {when: {kind: vehicle}, values: [bus, airplane, rocket, sailboat]}
    - {when: {kind: plant}, values: [rose, sunflower, tree, mushroom]}
    - {values: [beach, forest, desert, city at night]}
prompt: "a {thing}"
generation: {width: 256, height: 256, num_inference_steps: 8}
"""


class GridRunner(FakeRunner):
    """Returns the picture of the grid for the prompt's thing; for other prompts a gradient."""

    def decode(self, denoising: FakeDenoising) -> DecodedImage:
        request = denoising.request
        picture = tile(request.prompt, (request.width, request.height))
        return super().decode(denoising) if picture is None else DecodedImage(picture, {})

    def preview(self, denoising: FakeDenoising, max_side_px: int) -> bytes:
        picture = tile(denoising.request.prompt, (48, 48))
        if picture is None:
            return super().preview(denoising, max_side_px)
        return thumbnail(picture, max_side_px)


def tile(prompt: str, size: tuple[int, int]) -> Pixels | None:
    """The grid's picture of the last known word in the prompt, scaled to `size`; None if there is
    none."""
    found = [name for name in NAMES if prompt.endswith(name)]
    if not found:
        return None
    number = NAMES.index(max(found, key=len))
    left, top = number % COLUMNS * TILE_PX, number // COLUMNS * (TILE_PX + HEAD_PX) + HEAD_PX
    with Image.open(GRID) as grid:
        cut = grid.convert("RGB").crop((left, top, left + TILE_PX, top + TILE_PX))
    return np.asarray(cut.resize(size, Image.Resampling.LANCZOS))


def shoot(page: Page, name: str) -> None:
    """Save a screenshot of the window with few colors."""
    page.wait_for_timeout(800)
    target = OUT / f"studio-{name}.png"
    page.screenshot(path=str(target))
    with Image.open(target) as whole:
        few = whole.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


def make_things(page: Page, studio: Studio) -> None:
    """Declare, make and validate the dataset, with screenshots."""
    enter(page, studio, "declare")
    page.get_by_label("Declaration").fill(SPEC)
    page.get_by_text("The service takes this declaration").wait_for()
    shoot(page, "declare")
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text("34 of 34 images").wait_for(timeout=PATIENCE_MS)
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
    """Screenshot with a few images, one of which is still being made."""
    go(page, "make")
    for prompt in ("a lion", "a strawberry", "a sailboat", "an owl", "flying cars"):
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_label("Steps").fill("8")
        page.get_by_role("button", name="Make", exact=True).click()
        card = page.get_by_role("article", name=prompt)
        card.get_by_role("button", name="Download").wait_for(timeout=PATIENCE_MS)
    page.get_by_label("Prompt", exact=True).fill("mountains at sunset")
    page.get_by_label("Steps").fill("150")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_alt_text("Preview of the image").wait_for(timeout=PATIENCE_MS)
    page.evaluate("() => scrollTo(0, 0)")
    shoot(page, "make")
    page.get_by_role("button", name="Cancel").click()


def look_through(page: Page) -> None:
    """Screenshots of the gallery, one image, and three images side by side."""
    go(page, "look/things?sort=score&order=desc")
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
    """Screenshots of views that need no preparation."""
    for view, name in (
        ("datasets", "datasets"),
        ("profiles/sample_photos", "profile"),
        ("operate", "operate"),
    ):
        go(page, view)
        page.locator(".card").first.wait_for()
        shoot(page, name)


def add_pictures(page: Page) -> None:
    """Screenshot of the user's own pictures in groups, before the upload."""
    go(page, "add/pets")
    page.get_by_label("Name of the label").fill("animal")
    for value, count in (("fox", 4), ("cat", 3), ("owl", 3)):
        heap = [(f"{value}{n}.png", "image/png", png((n, 9, 9))) for n in range(count)]
        drop(page, page.locator(".drop"), heap)
        page.get_by_label("Label of group").last.fill(value)
    shoot(page, "add")


def small_and_dark(browser: Browser, studio: Studio) -> None:
    """Screenshots on a phone, and on a desktop in dark mode."""
    pages = {
        "phone": browser.new_page(viewport=PHONE, color_scheme="light"),
        "dark": browser.new_page(viewport=DESKTOP, color_scheme="dark"),
    }
    for name, page in pages.items():
        enter(page, studio, "look/things?sort=score&order=desc")
        page.locator(".cell img").nth(3).wait_for()
        shoot(page, name)
        page.close()


def main() -> None:
    """Make all screenshots."""
    from playwright.sync_api import sync_playwright

    path = browser_path()
    assert path is not None, "no browser"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder) / "data"
        root.mkdir()
        with listening(
            studio_app(root, studio_services(root, step_s=0.05, runner=GridRunner))
        ) as url:
            studio = Studio(url, root)
            browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
            page = browser.new_page(viewport=DESKTOP, color_scheme="light")
            steps: list[Callable[[], None]] = [
                lambda: make_things(page, studio),
                lambda: look_through(page),
                lambda: others(page),
                lambda: add_pictures(page),
                lambda: small_and_dark(browser, studio),
                lambda: make_singles(page),
            ]
            for step in steps:
                step()
            browser.close()


if __name__ == "__main__":
    main()
