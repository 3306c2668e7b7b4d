"""A dataset that is stopped on its way, and gone on with, in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from engines.diffusion.contract import DecodedImage
from engines.testing.diffusion import FakeDenoising, FakeRunner
from tests.studio.application import listening, studio_app, studio_services
from tests.studio.conftest import Studio
from tests.studio.steps import api, enter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

READY, ALL = 2, 6
SPEC = f"""\
name: slow
quotas: {{bird: {ALL // 2}}}
attributes:
  bird: [owl, wren]
prompt: "a {{bird}} in a tree"
generation: {{width: 64, height: 64, num_inference_steps: 2}}
"""
LONGEST_S = 120.0


class HeldRunner(FakeRunner):
    """Makes so many images and no more, until it is let go."""

    made = 0
    let_go = threading.Event()

    def decode(self, denoising: FakeDenoising) -> DecodedImage:
        if type(self).made >= READY:
            self.let_go.wait(LONGEST_S)
        type(self).made += 1
        return super().decode(denoising)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Studio]:
    root = tmp_path_factory.mktemp("held")
    with listening(studio_app(root, studio_services(root, runner=HeldRunner))) as url:
        yield Studio(url, root)
        HeldRunner.let_go.set()


def test_a_dataset_is_stopped_and_gone_on_with(page: Page, studio: Studio) -> None:
    enter(page, studio, "declare")
    page.get_by_label("Declaration").fill(SPEC)
    page.get_by_text("The service takes this declaration").wait_for()
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text(f"{READY} of {ALL} images").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Stopped", exact=True).wait_for()
    HeldRunner.let_go.set()
    page.get_by_role("button", name="Go on making").click()
    page.get_by_text(f"{ALL} of {ALL} images, {READY} of them were there before").wait_for()
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/slow")
    assert (found["image_count"], found["labels"]) == (ALL, {"bird": {"owl": 3, "wren": 3}})
