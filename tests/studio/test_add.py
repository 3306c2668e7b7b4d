"""Pictures of one's own become images of a dataset, in a browser: folders and heaps, labels."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.conftest import Studio
from tests.studio.steps import api, enter, violations
from tests.studio.test_profiles import drop, png

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

ODD = '<img src=x onerror="document.title=1">'


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a folder for each class, and what is no picture."""
    for number, name in enumerate(("fox/1.png", "fox/2.png", "cat/1.png", "cat/notes.txt")):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(png((40 * number, 90, 60))))
    return tmp_path / "photos"


def test_a_folder_and_a_heap_become_labeled_images(
    page: Page, studio: Studio, photos: Path
) -> None:
    enter(page, studio, "datasets")
    page.get_by_role("link", name="Add pictures").click()
    page.get_by_label("Dataset").fill("my pets")
    page.get_by_label("Name of the label").fill("animal")
    page.get_by_label("Prompt").fill("a photo of a {animal}")
    page.locator("input[webkitdirectory]").set_input_files(photos)
    page.get_by_label("Label of group 2").wait_for()
    heap = [("owl.png", "image/png", png((9, 9, 9))), ("bad.png", "image/png", "aGk=")]
    drop(page, page.locator(".drop"), heap)
    page.get_by_label("Label of group 3").fill(ODD)
    assert violations(page) == []
    page.get_by_role("button", name="Add 5 pictures").click()
    page.get_by_text("bad.png:").wait_for()
    page.get_by_text("4 pictures of 5 are in my_pets.").wait_for()
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/my_pets")
    assert found["labels"] == {"animal": {"cat": 1, "fox": 2, ODD: 1}}
    listed = api(page, "GET", f"{studio.url}/api/v1/datasets/my_pets/images?label=animal:fox")
    assert {image["prompt"] for image in listed["images"]} == {"a photo of a fox"}
    assert page.title() != "1"


def test_pictures_are_added_to_a_dataset_that_is_there(page: Page, studio: Studio) -> None:
    enter(page, studio, "add/shelf")
    assert page.get_by_label("Dataset").input_value() == "shelf"
    for value, color in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        drop(page, page.locator(".drop"), [(f"{value}.png", "image/png", png(color))])
        page.get_by_label("Label of group").last.fill(value)
    page.get_by_role("button", name="Take group 1 away").click()
    page.get_by_role("button", name="Add 1 picture").click()
    page.get_by_role("heading", name="What is in it").wait_for()
    page.get_by_role("heading", name="label").wait_for()
    page.get_by_role("link", name="Add pictures").click()
    drop(page, page.locator(".drop"), [("again.png", "image/png", png((0, 0, 200)))])
    page.get_by_label("Label of group 1").fill("navy")
    page.get_by_role("button", name="Add 1 picture").click()
    page.get_by_role("link", name="navy").wait_for()
    page.get_by_role("link", name="Look at the images").click()
    page.locator(".cell img").first.wait_for()
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/shelf")
    assert (found["image_count"], found["labels"]) == (1, {"label": {"navy": 1}})
