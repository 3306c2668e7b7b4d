"""Profiles, in a browser: made of pictures that are dropped there."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.studio.conftest import Studio
from tests.studio.steps import api, enter

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow

DROP = """([where, files]) => {
  const data = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type }));
  }
  const all = { bubbles: true, cancelable: true, dataTransfer: data };
  for (const kind of ["dragenter", "dragover", "drop"]) {
    where.dispatchEvent(new DragEvent(kind, all));
  }
}"""


def png(color: tuple[int, int, int]) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def drop(page: Page, where: Locator, files: list[tuple[str, str, str]]) -> None:
    """Files let go over a place: the events of the browser, with real files in them."""
    page.evaluate(DROP, [where.element_handle(), files])


def test_a_profile_is_made_of_dropped_pictures_and_deleted(page: Page, studio: Studio) -> None:
    enter(page, studio, "profiles")
    page.get_by_label("Name").fill("mine")
    pictures = [(f"{n}.png", "image/png", png((200, 120 + 40 * n, 40))) for n in range(2)]
    drop(page, page.locator(".drop"), [*pictures, ("notes.txt", "text/plain", "aGk=")])
    page.get_by_text("2 pictures").wait_for()  # what is no picture is left away
    page.get_by_label("Keep features").check()
    page.get_by_role("button", name="Make the profile").click()
    page.get_by_role("link", name="mine").click()
    page.get_by_role("heading", name="What it measured").wait_for()
    page.get_by_text("Features kept").wait_for()
    found = api(page, "GET", f"{studio.url}/api/v1/profiles/mine")
    assert (found["sample_count"], found["kept_features"], found.get("kept_hashes")) == (2, 2, None)
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("of 100:").wait_for()
    page.get_by_role("button", name="Delete the profile").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Profiles").wait_for()
    page.get_by_role("link", name="mine").wait_for(state="detached")
