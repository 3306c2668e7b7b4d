"""Operate, in a browser: what serves, what is in memory, and what happened to a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.studio.application import READER
from tests.studio.conftest import Studio
from tests.studio.steps import api, enter, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

BODY = {"prompt": "a fox", "num_inference_steps": 2, "width": 64, "height": 64}


def test_operate_shows_what_runs_and_what_serves(page: Page, studio: Studio) -> None:
    enter(page, studio, "operate")
    page.get_by_text("every part serves").wait_for()
    page.get_by_role("cell", name="inferloop/inferloop-mini").first.wait_for()
    parts = page.get_by_role("region", name="Deployments")
    pool = parts.get_by_role("row", name="diffusion-default")
    pool.get_by_text("1 of 1").wait_for()
    pool.get_by_text("inferloop-fake 1 B").wait_for()
    assert parts.get_by_text("healthy").count() == 6
    keys = page.get_by_role("region", name="Keys")
    keys.get_by_role("cell", name="3,000").or_(keys.get_by_role("cell", name="/")).first.wait_for()


def test_the_log_of_a_job_tells_what_happened_line_by_line(page: Page, studio: Studio) -> None:
    enter(page, studio, "profiles")
    asked = {**BODY, "dataset": "logged"}
    headers = {"Prefer": "respond-async"}
    job = api(page, "POST", f"{studio.url}/api/v1/generate", asked, headers)
    go(page, "operate")
    row = page.get_by_role("region", name="Jobs").get_by_role("row", name="logged")
    row.get_by_text("succeeded").wait_for()
    row.get_by_role("button", name="Log").click()
    dialog = page.get_by_role("dialog", name=job["id"])
    lines = dialog.get_by_role("region", name="Log").get_by_role("row")
    dialog.get_by_role("cell", name="Done").wait_for()
    happened = [line.get_by_role("cell").nth(2).inner_text() for line in lines.all()[1:]]
    assert happened == ["Accepted; it waits for its turn", "Started", "2 of 2", "Done"]
    dialog.get_by_text("All that the service tells of it").click()
    dialog.get_by_text('"state": "succeeded"').wait_for()


def test_a_key_without_the_right_is_told_who_sees_replicas(page: Page, studio: Studio) -> None:
    enter(page, studio, "operate", key=READER)
    page.get_by_text("shown to a key with the scope admin").wait_for()
    page.get_by_role("button", name="Failed").click()
    page.get_by_text("No job is like that").wait_for()
