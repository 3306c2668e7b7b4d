"""Make, in a browser: several jobs, what is lost and found again, keys that end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.serve_app.api import KEY
from tests.studio.application import HASTY, READER
from tests.studio.conftest import Studio
from tests.studio.steps import api, enter, go, make
from tests.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

pytestmark = pytest.mark.slow

LONG = 150
ALL_SHOWN = "() => !document.querySelector('.picture.waiting')"
SET_KEY = "async (key) => { (await import('/studio/core/store.js')).state.key = key }"


def test_images_are_made_beside_each_other_and_made_again(page: Page, studio: Studio) -> None:
    enter(page, studio)
    first = make(page, "a red fox", steps=LONG)
    second = make(page, "a blue owl", steps=LONG)
    for card in (first, second):
        card.get_by_text(f"of {LONG} steps").wait_for()
    first.get_by_alt_text("Preview of the image").wait_for()
    for card in (first, second):
        card.get_by_role("button", name="Show the image large").wait_for()
    first.get_by_role("button", name="Use settings").click()
    seed = page.get_by_label("Seed").input_value()
    assert seed in first.inner_text()
    assert page.get_by_label("Prompt", exact=True).input_value() == "a red fox"
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_role("article", name="a red fox").nth(1).get_by_text(f"seed {seed}").wait_for()


def test_many_images_are_one_job_and_a_job_can_be_canceled(page: Page, studio: Studio) -> None:
    enter(page, studio)
    page.get_by_label("Number of images").fill("6")
    card = make(page, "six hares", steps=2)
    card.get_by_role("button", name="Show image 6 large").locator("img").wait_for()
    page.get_by_label("Number of images").fill("1")
    card = make(page, "never ready", steps=LONG)
    card.get_by_role("button", name="Cancel").click()
    card.get_by_text("Canceled").first.wait_for()
    card = make(page, "stopped by a key", steps=LONG)
    card.get_by_text(f"of {LONG} steps").wait_for()
    page.keyboard.press("Escape")
    card.get_by_text("Canceled").first.wait_for()


def test_a_reload_in_the_middle_of_a_job_loses_nothing(page: Page, studio: Studio) -> None:
    enter(page, studio)
    make(page, "an owl at night", steps=LONG).get_by_text(f"of {LONG} steps").wait_for()
    page.reload()
    card = page.get_by_role("article", name="an owl at night")
    card.get_by_role("button", name="Show the image large").wait_for()
    assert page.get_by_label("Prompt", exact=True).input_value() == "an owl at night"


def test_what_was_canceled_elsewhere_takes_no_room(page: Page, studio: Studio) -> None:
    size = {"width": 64, "height": 64, "num_inference_steps": LONG}

    def asked(route: str, **body: object) -> str:
        kept = {"Prefer": "respond-async"}
        job = api(page, "POST", f"{studio.url}/api/v1/{route}", {**body, **size}, kept)
        return f"{studio.url}/api/v1/jobs/{job['id']}"

    gone = asked("generate/batch", prompts=["a gone fox"] * 64)
    api(page, "DELETE", gone)
    made = asked("generate", prompt="a made fox")
    wait_for(lambda: api(page, "GET", gone)["state"] == "canceled")
    wait_for(lambda: api(page, "GET", made)["state"] == "succeeded")
    enter(page, studio)
    page.get_by_role("article", name="a made fox").wait_for()
    assert page.get_by_text("Canceled").count() == 0


def test_a_dropped_connection_goes_on_after_the_last_event(page: Page, studio: Studio) -> None:
    subscribed: list[int] = []

    def cut_once(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        first = not subscribed

        def asked(message: str | bytes) -> None:
            subscribed.append(json.loads(message)["after_seq"])
            server.send(message)

        def heard(message: str | bytes) -> None:
            route.send(message)
            if first and json.loads(message)["event"] == "progress":
                route.close(code=1011)

        route.on_message(asked)
        server.on_message(heard)

    page.route_web_socket("**/ws/generation**", cut_once)
    enter(page, studio)
    card = make(page, "a cut line", steps=LONG)
    card.get_by_role("button", name="Show the image large").wait_for()
    assert subscribed[0] == 0
    assert subscribed[1] > 0


def test_an_expired_key_is_asked_for_and_the_work_goes_on(page: Page, studio: Studio) -> None:
    enter(page, studio)
    make(page, "before").get_by_role("button", name="Show the image large").wait_for()
    page.wait_for_function(ALL_SHOWN)
    page.evaluate(SET_KEY, "expired")
    page.get_by_label("Prompt", exact=True).fill("after the new key")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="Enter an API key")
    dialog.get_by_label("API key").fill("wrong")
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_text("Enter another key").wait_for()
    dialog.get_by_label("API key").fill(KEY)
    dialog.get_by_role("button", name="Go on").click()
    card = page.get_by_role("article", name="after the new key")
    card.get_by_role("button", name="Show the image large").wait_for()


def test_the_key_stays_in_the_tab_unless_it_is_asked_to_stay(page: Page, studio: Studio) -> None:
    enter(page, studio)
    assert page.evaluate("() => Object.keys(localStorage)") == []
    page.reload()
    page.locator("main.view h1").wait_for()
    assert KEY not in page.url
    page.get_by_role("button", name="Forget the key").click()
    page.get_by_label("API key").wait_for()
    assert page.evaluate("() => sessionStorage.length") == 0
    assert len(api(page, "GET", f"{studio.url}/api/v1/jobs")["jobs"]) > 0


def test_an_error_says_what_to_do_and_names_the_request(page: Page, studio: Studio) -> None:
    enter(page, studio)
    page.get_by_text("Dataset and requirements").click()
    page.get_by_label("Labels").fill("animal=")
    page.get_by_label("Prompt", exact=True).fill("a fox")
    page.get_by_role("button", name="Make", exact=True).click()
    notice = page.locator(".notice.bad")
    notice.get_by_text("labels").wait_for()
    assert "req_" in notice.inner_text()


def test_a_spent_budget_is_told_in_one_sentence_with_when_to_try_again(
    page: Page, studio: Studio
) -> None:
    enter(page, studio, key=HASTY)
    make(page, "the only one").get_by_role("button", name="Show the image large").wait_for()
    page.get_by_label("Prompt", exact=True).fill("one too many")
    page.get_by_role("button", name="Make", exact=True).click()
    said = page.locator(".notice.bad p").first
    said.get_by_text("Try again in 1 h").or_(said.get_by_text("Try again in 60 min")).wait_for()
    assert page.get_by_label("Prompt", exact=True).input_value() == "one too many"
    assert page.get_by_role("article", name="one too many").count() == 0


def test_a_key_that_may_only_look_is_told_what_it_lacks(page: Page, studio: Studio) -> None:
    enter(page, studio, key=READER)
    page.get_by_label("Prompt", exact=True).fill("a fox")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_text("lacks the scope 'generate'").first.wait_for()
    go(page, "operate")
    keys = page.get_by_role("region", name="Keys")
    keys.get_by_role("cell", name="reader").wait_for()  # itself alone: it is no admin
    assert keys.get_by_role("row").count() == 2
