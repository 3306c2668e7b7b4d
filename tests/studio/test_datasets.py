"""Datasets, in a browser: from a declaration to a signed export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.studio.conftest import Studio
from tests.studio.steps import api, enter, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

SPEC = """\
name: birds
seed: 3
quotas: {bird: {owl: 3, wren: 2}}
attributes:
  bird: [owl, wren]
prompt: "a {bird} in a tree"
generation: {width: 64, height: 64, num_inference_steps: 2}
"""


def declare(page: Page, studio: Studio, text: str) -> None:
    enter(page, studio, "declare")
    page.get_by_label("Declaration").fill(text)
    page.get_by_text("The service takes this declaration").wait_for()


def test_a_form_and_its_text_are_one_declaration(page: Page, studio: Studio) -> None:
    declare(page, studio, SPEC)
    page.get_by_role("heading", name="5 images").wait_for()
    page.get_by_label("owl").fill("7")
    page.get_by_role("heading", name="9 images").wait_for()
    page.get_by_label("bird", exact=True).fill("owl, wren, kite")
    page.get_by_role("heading", name="16 images").wait_for()  # a new value has its quota too
    page.get_by_label("bird", exact=True).fill("owl, wren")
    page.get_by_role("heading", name="9 images").wait_for()
    assert "owl: 7" in page.get_by_label("Declaration").input_value()
    page.get_by_role("button", name="JSON").click()
    assert '"owl": 7' in page.get_by_label("Declaration").input_value()
    page.get_by_label("Prompt", exact=True).fill("a {brid} in a tree")
    page.get_by_text("brid").last.wait_for()
    page.get_by_role("button", name="Make the dataset", disabled=True).wait_for()
    page.get_by_label("Declaration").fill("name: [")
    page.get_by_text("Line 1").wait_for()


def test_from_a_declaration_to_a_signed_export(page: Page, studio: Studio) -> None:
    declare(page, studio, SPEC)
    page.get_by_role("button", name="Preview 4 images").click()
    page.get_by_role("heading", name="The first images").wait_for()
    assert page.locator("figure").count() == 4
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text("5 of 5 images").wait_for()
    page.get_by_role("link", name="owl").wait_for()

    page.get_by_role("button", name="Validate all").click()
    page.get_by_text("Mean score 0.85 of 1").wait_for()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("of 100:").wait_for()
    page.get_by_label("Format").select_option("jsonl")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_text("5 images,").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "birds-jsonl.jsonl"
    assert len(download.value.path().read_text().splitlines()) == 5

    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("signed with a development key").wait_for()
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("unchanged").wait_for()


def test_a_dataset_that_is_only_beginning_is_no_error(page: Page, studio: Studio) -> None:
    refused: list[str] = []
    page.on("response", lambda said: refused.append(said.url) if said.status >= 400 else None)
    declare(page, studio, SPEC.replace("birds", "fledglings"))
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text("5 of 5 images").wait_for()
    page.reload()
    page.get_by_role("heading", name="What is in it").wait_for()
    assert refused == []


def test_a_dataset_is_deleted_only_after_a_yes(page: Page, studio: Studio) -> None:
    body = {"prompt": "a fox", "num_inference_steps": 2, "dataset": "not_for_long"}
    enter(page, studio, "profiles")
    api(page, "POST", f"{studio.url}/api/v1/generate", body)
    go(page, "datasets")
    page.get_by_role("link", name="not_for_long").click()
    delete = page.get_by_role("button", name="Delete the dataset")
    delete.click()
    question = page.get_by_role("dialog", name="Delete not_for_long?")
    question.get_by_text("This cannot be taken back").wait_for()
    page.keyboard.press("Escape")
    question.wait_for(state="detached")
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/not_for_long")
    assert found["image_count"] == 1
    delete.click()
    question.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Datasets").wait_for()
    page.get_by_role("link", name="not_for_long").wait_for(state="detached")
    gone = api(page, "GET", f"{studio.url}/api/v1/datasets/not_for_long")
    assert gone["error"]["code"] == "NOT_FOUND"
